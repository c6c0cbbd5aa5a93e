import { setTimeout as delay } from 'node:timers/promises'
import { countIndex } from '@headrace/testkit'
import type { Screen } from '../screen/screen.ts'

const POLL_MS = 200
const STALLED_MS = 120_000

/** Until the index shows so many documents; gives up when nothing moves for two minutes. */
export const waitForDocuments = async (
  options: { readonly elasticsearchUrl: string; readonly view: string; readonly expected: number },
  screen: Screen,
  signal: AbortSignal,
): Promise<void> => {
  const { elasticsearchUrl, view, expected } = options
  const progress = screen.progress('documents in the index', expected)
  let [before, movedAt] = [-1, performance.now()]
  try {
    for (;;) {
      const count = await countIndex(elasticsearchUrl, view)
      progress.update(count)
      if (count >= expected) return
      if (count !== before) [before, movedAt] = [count, performance.now()]
      if (performance.now() - movedAt > STALLED_MS) {
        throw new Error(`the index stands at ${count} of ${expected} documents for ${STALLED_MS / 1000} s`)
      }
      await delay(POLL_MS, undefined, { signal })
    }
  } finally {
    progress.stop()
  }
}

import { setTimeout as delay } from 'node:timers/promises'
import { compareDocuments, type Difference } from './compare-documents.ts'
import { type IndexedDocuments, readIndex } from './index-reader.ts'

export interface Comparison {
  readonly compared: number
  readonly differences: readonly Difference[]
}

export interface EqualOptions {
  /** What the documents must be, by hand-written SQL: record key -> JSON text. Asked anew for each comparison. */
  expected(): Promise<IndexedDocuments>
  readonly elasticsearchUrl: string
  /** Index or alias: the view's name. */
  readonly view: string
  /** Ends the wait when the number of differences did not fall for so long. */
  readonly stalledMs?: number
  readonly progress?: { update(equal: number): void }
  readonly signal?: AbortSignal
}

const PAUSE_MS = 500

const compareAll = async ({ expected, elasticsearchUrl, view }: EqualOptions): Promise<Comparison> => {
  const wanted = await expected()
  return {
    compared: wanted.size,
    differences: compareDocuments(wanted, await readIndex(elasticsearchUrl, view)),
  }
}

/** Compares again and again until nothing differs, or until the differences stay: nobody writes meanwhile. */
export const waitUntilEqual = async (options: EqualOptions): Promise<Comparison> => {
  const { stalledMs = 60_000, progress, signal } = options
  let [fewest, fellAt] = [Number.POSITIVE_INFINITY, performance.now()]
  for (;;) {
    const comparison = await compareAll(options)
    const { compared, differences } = comparison
    progress?.update(Math.max(0, compared - differences.length))
    if (differences.length < fewest) [fewest, fellAt] = [differences.length, performance.now()]
    if (differences.length === 0 || performance.now() - fellAt > stalledMs) return comparison
    await delay(PAUSE_MS, undefined, signal === undefined ? {} : { signal })
  }
}

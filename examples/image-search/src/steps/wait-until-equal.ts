import { setTimeout as delay } from 'node:timers/promises'
import { readIndex } from '@headrace/testkit'
import { compareDocuments, type Difference } from '../oracle/compare.ts'
import { expectedDocuments, type Queryable } from '../oracle/expected-documents.ts'
import type { Progress } from '../screen/screen.ts'

export interface Comparison {
  readonly compared: number
  readonly differences: readonly Difference[]
}

export interface EqualOptions {
  readonly database: Queryable
  readonly elasticsearchUrl: string
  readonly view: string
  /** Ends the wait when the number of differences did not fall for so long. */
  readonly stalledMs?: number
  readonly progress?: Pick<Progress, 'update'>
  readonly signal?: AbortSignal
}

const PAUSE_MS = 500

/** Holds every document in the index against hand-written SQL. */
export const compareAll = async ({ database, elasticsearchUrl, view }: EqualOptions): Promise<Comparison> => {
  const expected = await expectedDocuments(database)
  return {
    compared: expected.size,
    differences: compareDocuments(expected, await readIndex(elasticsearchUrl, view)),
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

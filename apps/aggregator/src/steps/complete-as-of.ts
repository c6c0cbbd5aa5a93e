import { LONGEST_AWAY_MS, TOMBSTONES_KEPT_MS } from '@headrace/pipeline'
import type { Store } from '@headrace/store'
import type { LogEnds } from './log-ends.ts'
import { pastUnknown } from './past-unknown.ts'
import { readOffset, writeOffset } from './route-index.ts'
import type { ViewInputs } from './view-inputs.ts'

const NAME = 'complete-as-of'

export interface CompleteAsOfParts {
  readonly view: ViewInputs
  readonly partition: number
  readonly store: Store
  /** As it stands beside the committed positions; undefined: unknown, they were committed by an older release. */
  readonly committed: number | undefined
  /** Wall clock, ms. */
  readonly now: () => number
}

/**
 * The time as of which a partition lacks no delete (05 A15): all its logs were read to where they ended then, so what was
 * deleted later still has its tombstone for 7 days. Kept twice: in the store, for its rows, and beside the committed
 * positions, for the documents. It moves only when the committed positions have passed the ends of all logs; parts of a
 * restore do not move it. A new store is complete as of its beginning: whatever it holds was read after that, and a row that
 * was still in its log had not lost its tombstone.
 */
export class CompleteAsOf {
  private readonly parts: CompleteAsOfParts
  private ends: LogEnds | undefined
  private committed: number | undefined
  private isUnwritten = false

  constructor(parts: CompleteAsOfParts) {
    this.parts = parts
    this.committed = parts.committed
  }

  /** The store has to be made anew: it may have missed tombstones, or nobody knows. */
  static isTooOld(store: Store, now: number): boolean {
    return now - Number(readOffset(store, NAME)) > LONGEST_AWAY_MS
  }

  /** Of a store that is empty. */
  static begin(store: Store, now: number): void {
    store.transaction(() => writeOffset(store, NAME, BigInt(now)))
  }

  /** The ends that were seen last are passed: newer ones are of use. */
  get wantsEnds(): boolean {
    return this.ends === undefined
  }

  see(ends: LogEnds): void {
    this.ends = ends
  }

  /** What to write beside positions; `isPassed`: they have passed these ends. */
  at(isPassed: (ends: LogEnds) => boolean): number | undefined {
    const { ends } = this
    if (ends !== undefined && isPassed(ends)) {
      this.requireKnown()
      this.committed = ends.at
      this.isUnwritten = true
      this.ends = undefined
    }
    return this.committed
  }

  /** After the Kafka transaction: the store follows. */
  written(): void {
    const { store } = this.parts
    if (!this.isUnwritten || this.committed === undefined) return
    const time = BigInt(this.committed)
    store.transaction(() => writeOffset(store, NAME, time))
    this.isUnwritten = false
  }

  /** Reading took so long that tombstones may be gone which lay ahead of the store, or of the committed positions. */
  private requireKnown(): void {
    const { view, partition, store, now } = this.parts
    requireRecent(view, partition, Number(readOffset(store, NAME)), now())
    requireRecent(view, partition, this.committed, now())
  }
}

/** Deletes may be gone that were made after `asOf`. */
export const isTooLongAgo = (asOf: number | undefined, now: number): boolean =>
  asOf !== undefined && now - asOf > TOMBSTONES_KEPT_MS

/** Throws when they may be gone. */
export const requireRecent = (
  view: ViewInputs,
  partition: number,
  asOf: number | undefined,
  now: number,
): void => {
  if (asOf === undefined || !isTooLongAgo(asOf, now)) return
  const time = new Date(asOf).toISOString()
  throw pastUnknown(
    view,
    `partition ${partition} was last read to the end of its logs at ${time}: deletes that were made after it are gone from Kafka by now`,
  )
}

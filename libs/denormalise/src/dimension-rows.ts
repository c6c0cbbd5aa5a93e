import { comparePositions } from '@headrace/wire'
import type { Applied } from './group-stage.ts'
import type { DimensionPlan } from './plan-references.ts'
import { completeRow, encodeRow } from './projected-row.ts'
import type { RowChange } from './row-change.ts'
import { rangeAfter, type StateStore } from './state-store.ts'
import {
  dimensionKey,
  dimensionPrefix,
  parseDimensionKey,
  parseReferrerDocument,
  referrerPrefix,
} from './store-keys.ts'
import {
  compareWithStored,
  encodeDeletedRow,
  encodeLiveRow,
  encodeUnknownRow,
  isDeleted,
  isLive,
  sameRow,
  storedPosition,
  storedRow,
} from './stored-row.ts'
import type { SweepPart, Swept } from './sweep.ts'

const NO_SORT = undefined

/**
 * The rows of one reference's dataset, as every partition keeps them (05 A3). What applies them also marks the documents that
 * refer to them. Writes are made inside the caller's store transaction.
 */
export class DimensionRows {
  readonly plan: DimensionPlan
  private readonly store: StateStore

  constructor(plan: DimensionPlan, store: StateStore) {
    this.plan = plan
    this.store = store
  }

  apply(change: RowChange): Applied {
    const key = dimensionKey(this.plan.number, change.key)
    const old = this.store.get(key)
    if (old !== undefined) {
      const order = compareWithStored(change.position, old)
      if (order < 0 || (order === 0 && !change.repair))
        return order < 0 && change.repair ? 'changed' : 'ignored'
    }
    const live = old !== undefined && isLive(old) ? old : undefined
    if (change.deleted) {
      this.store.put(key, encodeDeletedRow(change.position, change.commitTimeUs))
      return (old !== undefined && !isDeleted(old)) || change.repair ? 'changed' : 'unchanged'
    }
    const row = completeRow(
      encodeRow(change.values, this.plan.names.length),
      live === undefined ? undefined : storedRow(live),
    )
    if (row === undefined) {
      this.store.put(key, encodeUnknownRow(change.position))
      return change.repair ? 'changed' : 'unchanged'
    }
    this.store.put(key, encodeLiveRow(change.position, NO_SORT, row))
    return live !== undefined && sameRow(live, row) && !change.repair ? 'unchanged' : 'changed'
  }

  /** A null value: applies by its offset (05 A13). */
  applyTombstone(rowKey: string): Applied {
    const key = dimensionKey(this.plan.number, rowKey)
    const old = this.store.get(key)
    if (old === undefined || isDeleted(old)) return 'ignored'
    this.store.put(key, encodeDeletedRow(storedPosition(old), 0n))
    return 'changed'
  }

  /**
   * A part of what a truncate or sweep marker does. `isConcerned`: the row's log is the marker's; the others' may still bring
   * rows that the load read before it wrote the marker, and have markers of their own.
   */
  sweep({ position, after, limit }: SweepPart, isConcerned: (rowKey: string) => boolean): Swept {
    const removed: string[] = []
    const others: string[] = []
    let last: Buffer | undefined
    let count = 0
    const { number } = this.plan
    for (const { key, value } of this.store.range(dimensionPrefix(number), rangeAfter(after, limit))) {
      count++
      last = key
      const rowKey = parseDimensionKey(key)
      if (!isConcerned(rowKey)) continue
      if (!isDeleted(value) && comparePositions(storedPosition(value), position) < 0) removed.push(rowKey)
      else if (!isLive(value)) others.push(rowKey)
    }
    for (const rowKey of removed) this.store.put(dimensionKey(number, rowKey), encodeDeletedRow(position, 0n))
    return { removed, absent: [...removed, ...others], next: count < limit ? undefined : last }
  }

  /**
   * Up to `limit` entries of those who refer to a row, in the order of the store, after `after`: their documents (one may
   * come twice), and where to go on. `next` undefined: that was all.
   */
  referrers(
    rowKey: string,
    after: Buffer | undefined,
    limit: number,
  ): { readonly documents: ReadonlySet<string>; readonly next: Buffer | undefined; readonly count: number } {
    const prefix = referrerPrefix(this.plan.number, rowKey)
    const documents = new Set<string>()
    let last: Buffer | undefined
    let count = 0
    for (const { key } of this.store.range(prefix, rangeAfter(after, limit))) {
      documents.add(parseReferrerDocument(key, prefix.length))
      last = key
      count++
    }
    return { documents, next: count < limit ? undefined : last, count }
  }
}

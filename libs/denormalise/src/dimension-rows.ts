import { comparePositions, type Position } from '@headrace/wire'
import type { Applied } from './group-stage.ts'
import type { DimensionPlan } from './plan-references.ts'
import { completeRow, encodeRow } from './projected-row.ts'
import type { RowChange } from './row-change.ts'
import type { StateStore } from './state-store.ts'
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
   * A truncate or sweep marker: rows with a lower position are gone. Returns their keys. `isConcerned`: the row's log is the
   * marker's; the others' may still bring rows that the load read before it wrote the marker, and have markers of their own.
   */
  applyMarker(
    position: Position,
    commitTimeUs: bigint,
    isConcerned: (rowKey: string) => boolean,
  ): readonly string[] {
    const gone = this.keys(
      value => !isDeleted(value) && comparePositions(storedPosition(value), position) < 0,
    ).filter(isConcerned)
    for (const key of gone)
      this.store.put(dimensionKey(this.plan.number, key), encodeDeletedRow(position, commitTimeUs))
    return gone
  }

  deletedKeys(): readonly string[] {
    return this.keys(value => !isLive(value))
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
    for (const { key } of this.store.range(prefix, { limit, ...(after === undefined ? {} : { after }) })) {
      documents.add(parseReferrerDocument(key, prefix.length))
      last = key
      count++
    }
    return { documents, next: count < limit ? undefined : last, count }
  }

  private keys(test: (value: Buffer) => boolean): readonly string[] {
    const found: string[] = []
    for (const { key, value } of this.store.range(dimensionPrefix(this.plan.number)))
      if (test(value)) found.push(parseDimensionKey(key))
    return found
  }
}

import { comparePositions } from '@headrace/wire'
import { type Assembled, Assembler, failureText } from './assemble.ts'
import { ByteWriter } from './byte-writer.ts'
import { GroupAggregates } from './group-aggregates.ts'
import type { HopValue } from './hop-codec.ts'
import { incompleteText } from './incomplete-row.ts'
import type { EdgePlan, GroupPlan } from './plan.ts'
import { completeRow, encodeRow, unchangedPlaces, valuesAt } from './projected-row.ts'
import { type RowAt, updateReferrers } from './references.ts'
import { parentOf } from './router.ts'
import type { RowChange } from './row-change.ts'
import { sortKeyOf } from './sort-key.ts'
import { rangeAfter, type StateStore } from './state-store.ts'
import {
  AGGREGATES_SECTION,
  childRowKey,
  parseGroupKey,
  ROOT_SECTION,
  rootKey,
  sectionKey,
  stagePrefix,
} from './store-keys.ts'
import {
  compareWithStored,
  encodeDeletedRow,
  encodeFailedRow,
  encodeLiveRow,
  encodeUnknownRow,
  isDeleted,
  isLive,
  rowOffset,
  sameRow,
  storedPosition,
  storedRow,
} from './stored-row.ts'
import type { SweepPart, Swept } from './sweep.ts'

/** Beyond it two texts count as equal in a list's order. */
const MAX_SORT_BYTES = 32 * 1024

/** What a record did to its document. */
export type Applied =
  /** Old or known: nothing was written (05 A7). */
  | 'ignored'
  /** Only the position was raised (05 A10). */
  | 'unchanged'
  | 'changed'
  /** The document is gone. */
  | 'removed'

/** A child with everything below it (05 A4). `parentKey` null: it stands under no parent. */
export type SubDocument =
  { readonly parentKey: string; readonly row: Buffer; readonly error?: string } | { readonly parentKey: null }

const NOWHERE: SubDocument = { parentKey: null }

/**
 * The group stage of one partition: all inputs that share a node's key (05 A1). Everything but `assemble` is called inside
 * a store transaction that ends with `flush`. When that transaction fails, the stage is thrown away with it.
 */
export class GroupStage {
  private readonly plan: GroupPlan
  private readonly store: StateStore
  private readonly assembler: Assembler
  private readonly writer = new ByteWriter()
  /** Aggregates touched since the last flush, by document. */
  private readonly touched = new Map<string, GroupAggregates>()

  /** `maxBytes`: of a document. */
  constructor(plan: GroupPlan, store: StateStore, maxBytes = Infinity) {
    this.plan = plan
    this.store = store
    this.assembler = new Assembler(plan, store, maxBytes)
  }

  /** A change of the root row. */
  applyRoot(change: RowChange): Applied {
    const key = rootKey(this.plan.stage, change.key)
    const old = this.store.get(key)
    if (old !== undefined) {
      const order = compareWithStored(change.position, old)
      if (order < 0 || (order === 0 && !change.repair))
        return order < 0 && change.repair ? 'changed' : 'ignored'
    }
    const live = old !== undefined && isLive(old) ? old : undefined
    if (change.deleted) {
      this.refer(change.key, live, undefined)
      this.store.put(key, encodeDeletedRow(change.position, change.commitTimeUs))
      return (old !== undefined && !isDeleted(old)) || change.repair ? 'removed' : 'unchanged'
    }
    const row = complete(this.rootRow(change, live), live)
    if (row === undefined) {
      this.store.put(key, encodeUnknownRow(change.position))
      return change.repair ? 'removed' : 'unchanged'
    }
    this.refer(change.key, live, row)
    this.store.put(key, encodeLiveRow(change.position, undefined, row))
    return live !== undefined && sameRow(live, row) && !change.repair ? 'unchanged' : 'changed'
  }

  /** A null value on the root's topic: applies by its offset; the position stays (05 A7, A13). */
  applyRootTombstone(documentKey: string): Applied {
    const key = rootKey(this.plan.stage, documentKey)
    const old = this.store.get(key)
    if (old === undefined || isDeleted(old)) return 'ignored'
    this.refer(documentKey, isLive(old) ? old : undefined, undefined)
    this.store.put(key, encodeDeletedRow(storedPosition(old), 0n))
    return 'removed'
  }

  /**
   * A row that stands under this document. The router has ordered its changes; positions are compared all the same. A
   * document of a stage below has no position and applies by its offset (05 A4).
   */
  applyChild(edgeIndex: number, documentKey: string, childKey: string, hop: HopValue): Applied {
    const edge = this.plan.edges[edgeIndex]!
    const key = childRowKey(this.plan.stage, documentKey, edgeIndex, childKey)
    const old = this.store.get(key)
    if (old !== undefined && !edge.isDocument) {
      const order = compareWithStored(hop.position, old)
      if (order < 0 || (order === 0 && !hop.repair)) return order < 0 && hop.repair ? 'changed' : 'ignored'
    }
    const standing = old !== undefined && isLive(old) ? old : undefined
    const row = hop.error === undefined ? complete(hop.row, standing) : undefined
    if (row === undefined) {
      if (standing !== undefined) this.leave(edgeIndex, documentKey, childKey, standing)
      this.store.put(key, encodeFailedRow(hop.position, hop.error ?? missing(edge, hop.row)))
      return 'changed'
    }
    if (edge.references.length > 0)
      updateReferrers(this.store, edge.references, { documentKey, childKey }, rowAt(standing), {
        bytes: row,
        from: 0,
      })
    this.store.put(key, encodeLiveRow(hop.position, sortKeyOfRow(edge, row), row))
    if (standing === undefined) {
      this.aggregates(documentKey).add(edge, edgeIndex, row, 0, 1)
      return 'changed'
    }
    if (sameRow(standing, row)) return hop.repair ? 'changed' : 'unchanged'
    if (edge.counted.length > 0)
      this.aggregates(documentKey).replace(edge, edgeIndex, standing, rowOffset(standing), row)
    return 'changed'
  }

  /** A null value on a hop topic: the child left this parent. */
  applyChildTombstone(edgeIndex: number, documentKey: string, childKey: string): Applied {
    const key = childRowKey(this.plan.stage, documentKey, edgeIndex, childKey)
    const old = this.store.get(key)
    if (old === undefined) return 'ignored'
    if (isLive(old)) this.leave(edgeIndex, documentKey, childKey, old)
    this.store.remove(key)
    return 'changed'
  }

  /** A part of what a truncate or sweep marker on the root's topic does to the root rows. */
  sweep({ position, after, limit }: SweepPart): Swept {
    const removed: string[] = []
    const others: string[] = []
    let last: Buffer | undefined
    let count = 0
    for (const { key, value } of this.store.range(stagePrefix(this.plan.stage), rangeAfter(after, limit))) {
      count++
      last = key
      const { documentKey, section } = parseGroupKey(key)
      if (section !== ROOT_SECTION) continue
      if (!isDeleted(value) && comparePositions(storedPosition(value), position) < 0)
        removed.push(documentKey)
      else if (!isLive(value)) others.push(documentKey)
    }
    for (const documentKey of removed) {
      const key = rootKey(this.plan.stage, documentKey)
      const old = this.store.get(key)
      this.refer(documentKey, old !== undefined && isLive(old) ? old : undefined, undefined)
      this.store.put(key, encodeDeletedRow(position, 0n))
    }
    return { removed, absent: [...removed, ...others], next: count < limit ? undefined : last }
  }

  /** Writes what was kept back: before the local transaction ends. */
  flush(): void {
    for (const [documentKey, aggregates] of this.touched) {
      const key = sectionKey(this.plan.stage, documentKey, AGGREGATES_SECTION)
      if (aggregates.isEmpty) this.store.remove(key)
      else this.store.put(key, aggregates.encode(this.writer))
    }
    this.touched.clear()
  }

  /** The document as the store has it; after a flush. */
  assemble(documentKey: string): Assembled {
    return this.assembler.assemble(documentKey)
  }

  /** The document as its parent takes it, and who that is; after a flush (05 A4). */
  subDocument(documentKey: string): SubDocument {
    const { parent, travelling, stage } = this.plan
    const assembled = this.assembler.assemble(documentKey)
    const root = this.store.get(rootKey(stage, documentKey))
    if (parent === undefined || root === undefined || assembled.kind === 'absent') return NOWHERE
    const parentKey = this.parentKeyOf(root)
    if (parentKey === null) return NOWHERE
    if (assembled.kind !== 'document')
      return { parentKey, row: Buffer.alloc(0), error: failureText(assembled) }
    const values = [assembled.source.toString(), ...valuesAt(root, rowOffset(root), travelling)]
    return { parentKey, row: encodeRow(values, values.length) }
  }

  /** A child's row counts and refers no longer. */
  private leave(edgeIndex: number, documentKey: string, childKey: string, old: Buffer): void {
    const edge = this.plan.edges[edgeIndex]!
    this.aggregates(documentKey).add(edge, edgeIndex, old, rowOffset(old), -1)
    updateReferrers(this.store, edge.references, { documentKey, childKey }, rowAt(old), undefined)
  }

  private aggregates(documentKey: string): GroupAggregates {
    let aggregates = this.touched.get(documentKey)
    if (aggregates === undefined) {
      const key = sectionKey(this.plan.stage, documentKey, AGGREGATES_SECTION)
      aggregates = new GroupAggregates(this.plan, this.store.get(key))
      this.touched.set(documentKey, aggregates)
    }
    return aggregates
  }

  /** What is kept of a root row; of a child with children also whose child it is. */
  private rootRow({ values }: RowChange, live: Buffer | undefined): Buffer {
    const { parent, projected } = this.plan
    if (parent === undefined) return encodeRow(values, projected)
    const parentKey = parentOf(parent, values, live === undefined ? null : this.parentKeyOf(live))
    const json = parentKey === null ? null : JSON.stringify(parentKey)
    return encodeRow([...values.slice(0, projected), json], projected + 1)
  }

  /** Whose child a live root row is, null: of none. */
  private parentKeyOf(root: Buffer): string | null {
    const [json] = valuesAt(root, rowOffset(root), [this.plan.projected])
    return JSON.parse(json!) as string | null
  }

  private refer(documentKey: string, old: Buffer | undefined, row: Buffer | undefined): void {
    const { references } = this.plan
    if (references.length === 0) return
    const fresh = row === undefined ? undefined : { bytes: row, from: 0 }
    updateReferrers(this.store, references, { documentKey, childKey: '' }, rowAt(old), fresh)
  }
}

/** `row` with what `live`, the row as it is kept, knows; undefined: it lacks something. */
const complete = (row: Buffer, live: Buffer | undefined): Buffer | undefined =>
  completeRow(row, live === undefined ? undefined : storedRow(live))

const missing = ({ name, columns }: EdgePlan, row: Buffer): string =>
  incompleteText(
    name,
    unchangedPlaces(row).map(place => columns[place]!),
  )

const rowAt = (stored: Buffer | undefined): RowAt | undefined =>
  stored === undefined ? undefined : { bytes: stored, from: rowOffset(stored) }

const sortKeyOfRow = (edge: EdgePlan, row: Buffer): Buffer => {
  const values = sortValues(edge, row)
  const whole = values.length === 1 ? values[0]! : Buffer.concat(values)
  return whole.length <= MAX_SORT_BYTES ? whole : whole.subarray(0, MAX_SORT_BYTES)
}

const sortValues = ({ sort, sortPlaces }: EdgePlan, row: Buffer): Buffer[] => {
  const texts = valuesAt(row, 0, sortPlaces)
  return sort.map(({ index, type, descending }) =>
    sortKeyOf(type, texts[sortPlaces.indexOf(index)]!, descending),
  )
}

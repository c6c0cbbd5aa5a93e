import { type Applied, DimensionRows } from '@headrace/denormalise'
import { unreachable } from '@headrace/errors'
import type { IncomingRecord } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import { MarkerKind, partitionOf, type Position } from '@headrace/wire'
import type { Doubt } from './doubt.ts'
import type { GroupTask } from './group-task.ts'
import { readValidated, type ValidatedRecord } from './read-validated.ts'
import { readOffset, writeOffset } from './route-index.ts'
import type { BroadcastInput } from './view-inputs.ts'

/** Where a task stands in one partition of a broadcast topic; as GroupInputState. */
export interface BroadcastState {
  /** Number of the input, after those of the group. */
  readonly number: number
  readonly input: BroadcastInput
  readonly partition: number
  readonly emittedTo: bigint
  readonly doubt: Doubt
  applied: bigint
}

/** A row changed: whatever refers to it is to be marked, from `after` on. */
interface FanOut {
  readonly rows: DimensionRows
  readonly key: string
  readonly state: BroadcastState
  readonly offset: bigint
  readonly commitTimeUs: bigint
  readonly position: Position | undefined
  after: Buffer | undefined
}

interface Effect {
  readonly rows: DimensionRows
  readonly keys: readonly string[]
  readonly applied: Applied
  readonly commitTimeUs: bigint
  readonly position: Position | undefined
}

/**
 * The rows that a partition's documents refer to, and the marking of those documents when such a row changes (05 A3). What is
 * still to be marked is kept in memory like the marks: it lies at or above the committed position, so a successor finds it
 * again (docs/decisions/0007).
 */
export class BroadcastTask {
  readonly states: readonly BroadcastState[]
  private readonly store: Store
  private readonly group: GroupTask
  private readonly rows: ReadonlyMap<BroadcastInput, readonly DimensionRows[]>
  /** In the order of their offsets; a newer version of a row takes the place of an older one at the end. */
  private readonly pending = new Map<string, FanOut>()

  constructor(
    inputs: readonly BroadcastInput[],
    store: Store,
    group: GroupTask,
    states: readonly BroadcastState[],
  ) {
    this.store = store
    this.group = group
    this.states = states
    this.rows = new Map(
      inputs.map(input => [input, input.dimensions.map(({ plan }) => new DimensionRows(plan, store))]),
    )
  }

  static applied(store: Store, topic: string, partition: number): bigint {
    return readOffset(store, appliedName(topic, partition))
  }

  get hasPending(): boolean {
    return this.pending.size > 0
  }

  /** Applies records of one broadcast partition in a store transaction of its own. */
  take(state: BroadcastState, records: readonly IncomingRecord[], next: bigint): void {
    if (next <= state.applied && next <= state.emittedTo) return
    this.store.transaction(() => {
      for (const record of records) this.takeRecord(state, record)
      if (next <= state.applied) return
      state.applied = next
      writeOffset(this.store, appliedName(state.input.topic, state.partition), next)
    })
  }

  /** Marks documents of up to `limit` referring rows, none where too many are marked already. True: there are more. */
  fanOut(limit: number, now: number): boolean {
    let left = limit
    for (const [name, job] of this.pending) {
      if (left <= 0) return true
      const { rows, key, state, offset, commitTimeUs, position } = job
      const { dirty } = this.group.stage(rows.plan.stage)
      if (dirty.isCrowded) continue
      const { documents, next, count } = rows.referrers(key, job.after, left)
      const cause = { input: state.number, offset, mayExist: false, commitTimeUs, position }
      for (const document of documents) dirty.mark(document, cause, now)
      left -= Math.max(count, 1)
      if (next === undefined) this.pending.delete(name)
      else job.after = next
    }
    return this.pending.size > 0
  }

  /** What a successor must read again from: nothing that is still to be marked or emitted lies below. */
  lowWater(state: BroadcastState): bigint {
    let lowest = state.applied > state.emittedTo ? state.applied : state.emittedTo
    const first = this.group.firstOffset(state.number)
    if (first !== undefined && first < lowest) lowest = first
    for (const { state: of, offset } of this.pending.values())
      if (of === state && offset < lowest) lowest = offset
    return lowest
  }

  private takeRecord(state: BroadcastState, record: IncomingRecord): void {
    const { offset } = record
    const isKnown = offset < state.applied
    if (isKnown && offset < state.emittedTo) return
    const isDoubtful = offset >= state.emittedTo && state.doubt.holds(offset)
    for (const [index, input] of state.input.dimensions.entries()) {
      const rows = this.rows.get(state.input)![index]!
      const read = readValidated(input, record, state.input.topic)
      const isConcerned = this.keysOf(state)
      const effect = isKnown ? touch(rows, read, isConcerned) : apply(rows, read, isConcerned, isDoubtful)
      if (offset < state.emittedTo) continue
      if (!isKnown && !isDoubtful && effect.applied !== 'changed') continue
      for (const key of effect.keys) {
        // a marker in the store touches whatever is deleted: who is to be marked already keeps the position that it needs
        if (isKnown && this.pending.has(nameOf(rows, key))) continue
        this.begin(state, offset, key, effect)
      }
    }
  }

  /** The keys of rows that come by this partition: only its positions hold their fan-outs back. */
  private keysOf({ input, partition }: BroadcastState): (rowKey: string) => boolean {
    const partitions = this.states.filter(state => state.input === input).length
    return rowKey => partitionOf(rowKey, partitions) === partition
  }

  private begin(
    state: BroadcastState,
    offset: bigint,
    key: string,
    { rows, commitTimeUs, position }: Effect,
  ): void {
    const name = nameOf(rows, key)
    this.pending.delete(name)
    // who comes to refer to it later is marked by its own change
    if (rows.referrers(key, undefined, 1).count === 0) return
    this.pending.set(name, { rows, key, state, offset, commitTimeUs, position, after: undefined })
  }
}

const nameOf = ({ plan }: DimensionRows, key: string): string => `${plan.number} ${key}`

const appliedName = (topic: string, partition: number): string => `broadcast:${topic}:${partition}`

const NOTHING = { keys: [], applied: 'ignored', commitTimeUs: 0n, position: undefined } as const

const removalOf = (read: ValidatedRecord): Position | undefined => {
  if (read.kind !== 'marker') return undefined
  const { kind, position } = read.marker
  return kind === MarkerKind.TRUNCATE || kind === MarkerKind.SWEEP ? position : undefined
}

const apply = (
  rows: DimensionRows,
  read: ValidatedRecord,
  isConcerned: (rowKey: string) => boolean,
  isDoubtful: boolean,
): Effect => {
  switch (read.kind) {
    case 'change': {
      const { key, commitTimeUs, position } = read.change
      return { rows, keys: [key], applied: rows.apply(read.change), commitTimeUs, position }
    }
    case 'tombstone':
      return { ...NOTHING, rows, keys: [read.key], applied: rows.applyTombstone(read.key) }
    case 'marker': {
      const position = removalOf(read)
      if (position === undefined) return { ...NOTHING, rows }
      const removed = rows.applyMarker(position, 0n, isConcerned)
      // as GroupTask does it
      const keys = isDoubtful ? rows.deletedKeys().filter(isConcerned) : removed
      return { ...NOTHING, rows, keys, applied: 'changed', position }
    }
    case 'none':
      return { ...NOTHING, rows }
    default:
      return unreachable(read)
  }
}

/** Whom a record that is in the store already may have changed. */
const touch = (
  rows: DimensionRows,
  read: ValidatedRecord,
  isConcerned: (rowKey: string) => boolean,
): Effect => {
  if (read.kind === 'change') {
    const { key, commitTimeUs, position } = read.change
    return { rows, keys: [key], applied: 'changed', commitTimeUs, position }
  }
  if (read.kind === 'tombstone') return { ...NOTHING, rows, keys: [read.key], applied: 'changed' }
  return removalOf(read) === undefined
    ? { ...NOTHING, rows }
    : { ...NOTHING, rows, keys: rows.deletedKeys().filter(isConcerned), applied: 'changed' }
}

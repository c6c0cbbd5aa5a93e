import { type Applied, DimensionRows } from '@headrace/denormalise'
import { unreachable } from '@headrace/errors'
import type { IncomingRecord } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import { type Marker, MarkerKind, partitionOf, type Position } from '@headrace/wire'
import type { Doubt } from './doubt.ts'
import type { GroupTask } from './group-task.ts'
import { readValidated, type ValidatedRecord } from './read-validated.ts'
import { readOffset, writeOffset } from './route-index.ts'
import { type SweepCause, Sweeps } from './sweeps.ts'
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

/** A marker begins no more fan-outs while so many are to be done. */
const MOST_PENDING = 10_000

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
  private readonly sweeps: Sweeps<BroadcastState>
  private readonly swept: ReadonlyMap<string, DimensionRows>
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
    const parts = states.flatMap(state => this.rows.get(state.input)!.map(rows => ({ state, rows })))
    this.swept = new Map(parts.map(({ state, rows }) => [sweepName(rows, state), rows]))
    this.sweeps = new Sweeps(
      store,
      new Map(
        parts.map(({ state, rows }) => [
          sweepName(rows, state),
          { sweep: part => rows.sweep(part, this.keysOf(state)) },
        ]),
      ),
    )
  }

  static applied(store: Store, topic: string, partition: number): bigint {
    return readOffset(store, appliedName(topic, partition))
  }

  get hasPending(): boolean {
    return this.pending.size > 0
  }

  /** A marker removes rows. */
  get isSweeping(): boolean {
    return this.sweeps.isPending
  }

  /** Looks at up to `limit` rows for those that a marker removes, at none where too many are to be marked already. */
  sweep(limit: number): void {
    this.sweeps.step(
      limit,
      () => this.pending.size < MOST_PENDING,
      ({ name, state, offset, position }, keys) => {
        const rows = this.swept.get(name)!
        for (const key of keys) {
          const known = this.pending.get(nameOf(rows, key))
          const from = known !== undefined && known.offset < offset ? known.offset : offset
          this.begin(state, from, key, { rows, keys, applied: 'changed', commitTimeUs: 0n, position })
        }
      },
    )
  }

  /** While state is restored: what markers have left in the store. */
  finishSweeps(signal: AbortSignal): Promise<void> {
    return this.sweeps.finish(signal)
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
    const marker = this.sweeps.firstOffset(state)
    return marker !== undefined && marker < lowest ? marker : lowest
  }

  private takeRecord(state: BroadcastState, record: IncomingRecord): void {
    const { offset } = record
    const isKnown = offset < state.applied
    if (isKnown && offset < state.emittedTo) return
    const isDoubtful = offset >= state.emittedTo && state.doubt.holds(offset)
    for (const [index, input] of state.input.dimensions.entries()) {
      const rows = this.rows.get(state.input)![index]!
      const read = readValidated(input, record, state.input.topic)
      if (read.kind === 'marker') {
        // as GroupTask does it
        const cause =
          offset < state.emittedTo ? undefined : { state, offset, touchesAll: isKnown || isDoubtful }
        this.beginSweep(rows, read.marker, state, cause)
        continue
      }
      const effect = isKnown ? touch(rows, read) : apply(rows, read)
      if (offset < state.emittedTo) continue
      if (!isKnown && !isDoubtful && effect.applied !== 'changed') continue
      for (const key of effect.keys) {
        // who is to be marked already keeps the position that it needs
        if (isKnown && this.pending.has(nameOf(rows, key))) continue
        this.begin(state, offset, key, effect)
      }
    }
  }

  private beginSweep(
    rows: DimensionRows,
    { kind, position }: Marker,
    state: BroadcastState,
    cause: SweepCause<BroadcastState> | undefined,
  ): void {
    if ((kind !== MarkerKind.TRUNCATE && kind !== MarkerKind.SWEEP) || position === undefined) return
    this.sweeps.begin(sweepName(rows, state), position, cause)
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

const sweepName = ({ plan }: DimensionRows, { partition }: BroadcastState): string =>
  `dimension:${plan.number}:${partition}`

const appliedName = (topic: string, partition: number): string => `broadcast:${topic}:${partition}`

const NOTHING = { keys: [], applied: 'ignored', commitTimeUs: 0n, position: undefined } as const

/** What is left when markers are taken out. */
type RowRecord = Exclude<ValidatedRecord, { kind: 'marker' }>

const apply = (rows: DimensionRows, read: RowRecord): Effect => {
  switch (read.kind) {
    case 'change': {
      const { key, commitTimeUs, position } = read.change
      return { rows, keys: [key], applied: rows.apply(read.change), commitTimeUs, position }
    }
    case 'tombstone':
      return { ...NOTHING, rows, keys: [read.key], applied: rows.applyTombstone(read.key) }
    case 'none':
      return { ...NOTHING, rows }
    default:
      return unreachable(read)
  }
}

/** Whom a record that is in the store already may have changed. */
const touch = (rows: DimensionRows, read: RowRecord): Effect => {
  if (read.kind === 'change') {
    const { key, commitTimeUs, position } = read.change
    return { rows, keys: [key], applied: 'changed', commitTimeUs, position }
  }
  return read.kind === 'tombstone'
    ? { ...NOTHING, rows, keys: [read.key], applied: 'changed' }
    : { ...NOTHING, rows }
}

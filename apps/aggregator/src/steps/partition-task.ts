import { type Applied, encodeHop, routeDocument } from '@headrace/denormalise'
import type { Batch, CommitOffset, OutgoingRecord } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import type { Position } from '@headrace/wire'
import { encodeOffsetMetadata } from '@headrace/pipeline'
import type { BroadcastPart } from './broadcast-feed.ts'
import type { BroadcastTask } from './broadcast-task.ts'
import type { CompleteAsOf } from './complete-as-of.ts'
import type { DirtyDocument, DirtyDocuments } from './dirty-documents.ts'
import { type DocumentTarget, documentRecords, type Emitted } from './document-records.ts'
import type { EdgeWriter } from './edge-writer.ts'
import { type EmissionBudget, Rotation } from './emission-budget.ts'
import type { GroupInputState, GroupTask, StageTask } from './group-task.ts'
import type { LogEnds } from './log-ends.ts'
import { isOfLoad } from './read-validated.ts'
import type { RouterTask } from './router-task.ts'
import { higher } from './sweeps.ts'
import type { TopicInput } from './view-inputs.ts'

/** A topic of the partition: who reads it, how far they are, what is committed. */
export interface TopicState {
  readonly input: TopicInput
  readonly routers: readonly RouterTask[]
  readonly group: GroupInputState | undefined
  /** Everything below went through the routers, and what it gave is in Kafka. */
  routed: bigint
  /** As the group's offset stands in Kafka. */
  committed: bigint | undefined
  committedMetadata: string
  /** Drained: nothing was waiting when it was last read. */
  isDrained: boolean
}

/** Emission rules and limits of a turn (05 A11). */
export interface EmitOptions {
  readonly idleMs: number
  readonly maxMs: number
  readonly limit: number
  /** The next rows of a document are likely to be on their way, also while nothing is waiting here. */
  readonly isBulk?: boolean
}

/** What a turn emits, of all its tasks and stages. */
export interface Emission {
  readonly into: OutgoingRecord[]
  readonly counts: Map<Emitted, number>
  readonly budget: EmissionBudget
  /** Hop and index records of routers. */
  routed: number
}

export interface PartitionTaskParts {
  readonly partition: number
  readonly store: Store
  readonly group: GroupTask
  readonly broadcasts: BroadcastTask
  /** Of all edges, those of routers and those between stages, by number. */
  readonly edges: readonly EdgeWriter[]
  readonly topics: readonly TopicState[]
  readonly target: DocumentTarget
  /** Which making of the broadcast topics the positions are of. */
  readonly making: string
  /** Work begins at the start of the logs again: the positions in Kafka must all go back at once. */
  readonly isFromTheStart: boolean
  readonly completeAsOf: CompleteAsOf
}

/** What was emitted, to be cleared after the commit. */
interface EmittedMark {
  readonly dirty: DirtyDocuments
  readonly mark: DirtyDocument
  readonly sequence: number
}

const NO_POSITION = { epoch: 0, commitLsn: 0n, ordinal: 0 }

/**
 * Everything of one view that belongs to one partition: its routers and its group stage over one store. The order within a
 * turn is the protocol (05 A13, A14): `route` and `apply` and the local commit, then `emit`, then the Kafka transaction with
 * `offsets`, then `committed`.
 */
export class PartitionTask {
  readonly partition: number
  readonly store: Store
  readonly group: GroupTask
  readonly broadcasts: BroadcastTask
  readonly completeAsOf: CompleteAsOf
  private readonly parts: PartitionTaskParts
  private readonly byTopic: ReadonlyMap<string, TopicState>
  private emitted: EmittedMark[] = []
  private commitsAll: boolean
  private readonly stages: Rotation<StageTask>

  constructor(parts: PartitionTaskParts) {
    this.parts = parts
    this.partition = parts.partition
    this.store = parts.store
    this.group = parts.group
    this.broadcasts = parts.broadcasts
    this.completeAsOf = parts.completeAsOf
    this.commitsAll = parts.isFromTheStart
    this.stages = new Rotation(parts.group.stages)
    this.byTopic = new Map(parts.topics.map(topic => [topic.input.topic, topic]))
  }

  get edges(): readonly EdgeWriter[] {
    return this.parts.edges
  }

  get topics(): readonly TopicState[] {
    return this.parts.topics
  }

  /** Nothing was waiting on any input when it was last read. */
  get isDrained(): boolean {
    return this.parts.topics.every(topic => topic.isDrained)
  }

  /** The routers' part of a batch: appends hop and index records. */
  route({ topic, records, next, endOffset }: Batch, into: OutgoingRecord[]): void {
    const state = this.byTopic.get(topic)!
    state.isDrained = next >= endOffset
    if (state.routers.length === 0) return
    for (const record of records) {
      if (record.offset < state.routed) continue
      for (const router of state.routers) router.take(record, topic, into)
    }
    if (next > state.routed) state.routed = next
  }

  /** Rows of a first load end the batch. */
  isOfLoad({ topic, records }: Batch): boolean {
    const { roots, routers } = this.byTopic.get(topic)!.input
    const input = roots[0] ?? routers[0]
    const last = records[records.length - 1]
    return input !== undefined && last !== undefined && isOfLoad(input, last)
  }

  /** Markers remove children, rows, or rows that are referred to. */
  get isSweeping(): boolean {
    const { group, broadcasts } = this
    return group.isSweeping || broadcasts.isSweeping || this.sweepingRouters().length > 0
  }

  /** Parts of what markers remove, `limit` entries of each store section (05 A10b). True: there is more. */
  sweep(limit: number, now: number, emission: Emission): boolean {
    const { into, budget } = emission
    const before = into.length
    for (const router of this.sweepingRouters()) router.sweep(limit, into, budget)
    emission.routed += into.length - before
    if (!budget.isSpent) this.group.sweep(limit, now)
    if (!budget.isSpent) this.broadcasts.sweep(limit)
    return this.isSweeping
  }

  private sweepingRouters(): readonly RouterTask[] {
    return this.parts.topics.flatMap(({ routers }) =>
      routers.filter(({ sweeping }) => sweeping !== undefined),
    )
  }

  /** The group stage's part of batches, in one local transaction with the applied offsets (05 A13). */
  apply(batches: readonly Batch[], now: number, counts: Map<Applied, number>): void {
    const own = batches.filter(batch => this.byTopic.get(batch.topic)!.group !== undefined)
    if (own.length === 0) return
    this.store.transaction(() => {
      for (const { topic, records, next, endOffset } of own) {
        const state = this.byTopic.get(topic)!.group!
        state.doubt.read(next, endOffset)
        this.group.take(state, records, next, now, counts)
      }
      this.group.flush()
    })
  }

  /** The rows that documents refer to, after `apply` (05 A3). */
  applyBroadcast(parts: readonly BroadcastPart[]): void {
    for (const { topic, partition, records, next } of parts) {
      const state = this.broadcasts.states.find(
        each => each.input.topic === topic && each.partition === partition,
      )
      if (state !== undefined) this.broadcasts.take(state, records, next)
    }
  }

  /**
   * Documents that are due: appends their records (05 A11); those of stages below go to their parents' hop topics at once
   * (05 A4). True: more are due than the turn's budget or the limit allows.
   */
  emit(now: number, options: EmitOptions, emission: Emission): boolean {
    return this.stages.turn(emission.budget, task =>
      task.plan.parent === undefined
        ? this.emitDocuments(task, now, options, emission)
        : this.emitBelow(task, now, options, emission),
    )
  }

  private emitDocuments(
    { stage, dirty }: StageTask,
    now: number,
    options: EmitOptions,
    { into, counts, budget }: Emission,
  ): boolean {
    const idleMs = this.isDrained && options.isBulk !== true ? 0 : options.idleMs
    return this.emitDue(dirty, now, { ...options, idleMs }, budget, mark => {
      const { records, emitted } = documentRecords(this.parts.target, mark, stage.assemble(mark.key))
      into.push(...records)
      counts.set(emitted, (counts.get(emitted) ?? 0) + 1)
      return records[0]?.value?.length ?? 0
    })
  }

  private emitBelow(
    { plan, stage, dirty }: StageTask,
    now: number,
    options: EmitOptions,
    { into, budget }: Emission,
  ): boolean {
    const edge = this.parts.edges[plan.parent!.number]!
    return this.emitDue(dirty, now, { ...options, idleMs: 0 }, budget, mark => {
      const made = stage.subDocument(mark.key)
      const value =
        made.parentKey === null
          ? null
          : encodeHop({
              position: mark.asOf ?? NO_POSITION,
              commitTimeUs: mark.oldestCommitUs,
              row: made.row,
              repair: false,
              ...(made.error === undefined ? {} : { error: made.error }),
            })
      edge.put(mark.key, routeDocument(edge.index, mark.key, made.parentKey, value), into)
      return value?.length ?? 0
    })
  }

  /** `emit` gives the bytes it has appended. */
  private emitDue(
    dirty: DirtyDocuments,
    now: number,
    options: EmitOptions,
    budget: EmissionBudget,
    emit: (mark: DirtyDocument) => number,
  ): boolean {
    const due = dirty.due(now, options)
    for (const mark of due) {
      if (budget.isSpent) return true
      budget.took(emit(mark))
      this.emitted.push({ dirty, mark, sequence: mark.sequence })
    }
    return due.length >= options.limit
  }

  /**
   * Positions to commit as they stand once this turn's emissions are out: those that have risen, or `all`, because records
   * without an offset beside them would not be fenced. A topic that a router and the group stage share is committed at the
   * group's low-water, and the router's position stands in the metadata; so do, beside the first topic, the broadcasts'.
   */
  offsets(all: boolean): CommitOffset[] {
    // what is emitted in this very transaction holds nothing back
    for (const { dirty, mark, sequence } of this.emitted) dirty.clear(mark.key, sequence)
    this.emitted = []
    const asOf = this.completeAsOf.at(ends => this.hasPassed(ends))
    const offsets: CommitOffset[] = []
    for (const [number, state] of this.parts.topics.entries()) {
      const { group, routers, routed, committed, input } = state
      const next = this.lowWater(state)
      const metadata = encodeOffsetMetadata({
        routed: group !== undefined && routers.length > 0 ? routed : undefined,
        broadcasts: number === 0 ? this.broadcastPositions() : [],
        making: number === 0 ? this.parts.making : '',
        asOf: number === 0 ? asOf : undefined,
        sweeping: sweepingOf(routers),
      })
      const risen = committed === undefined || next > committed ? next : committed
      if (!all && !this.commitsAll && risen === (committed ?? 0n) && metadata === state.committedMetadata)
        continue
      offsets.push({ topic: input.topic, partition: this.partition, next: risen, metadata })
    }
    return offsets
  }

  private lowWater({ group, routed }: TopicState): bigint {
    return group === undefined ? routed : this.group.lowWater(group)
  }

  /** Whatever was in the logs up to these ends is in the documents and behind the positions that are to be committed. */
  private hasPassed({ own, broadcasts }: LogEnds): boolean {
    const isRead = this.parts.topics.every(({ input, group, routers, routed }) => {
      const end = own.get(input.topic)!
      const isRouted = routers.length === 0 || (routed >= end && sweepingOf(routers) === undefined)
      return isRouted && (group === undefined || group.consumed >= end)
    })
    // asked after that only: it goes through all documents that are dirty
    return (
      isRead &&
      this.parts.topics.every(state => this.lowWater(state) >= own.get(state.input.topic)!) &&
      this.broadcasts.states.every(
        state => this.broadcasts.lowWater(state) >= broadcasts.get(state.input.topic)![state.partition]!,
      )
    )
  }

  private broadcastPositions(): readonly (readonly bigint[])[] {
    const positions = new Map<string, bigint[]>()
    for (const state of this.broadcasts.states) {
      const { topic } = state.input
      const each = positions.get(topic) ?? []
      each[state.partition] = this.broadcasts.lowWater(state)
      positions.set(topic, each)
    }
    return [...positions.values()]
  }

  /** After the Kafka transaction: the edges' local index follows (05 A14). */
  committed(offsets: readonly CommitOffset[]): void {
    if (offsets.length > 0) this.commitsAll = false
    for (const { topic, partition, next, metadata } of offsets) {
      if (partition !== this.partition) continue
      const state = this.byTopic.get(topic)!
      state.committed = next
      state.committedMetadata = metadata ?? ''
    }
    const changed = this.parts.edges.filter(edge => edge.index.hasChanges)
    if (changed.length > 0) this.store.transaction(() => changed.forEach(edge => edge.index.flush()))
    this.completeAsOf.written()
  }

  close(): Promise<void> {
    return this.store.close()
  }
}

/** Of the latest marker that routers of a topic have not done with. */
const sweepingOf = (routers: readonly RouterTask[]): Position | undefined => {
  let highest: Position | undefined
  for (const { sweeping } of routers) if (sweeping !== undefined) highest = higher(highest, sweeping)
  return highest
}

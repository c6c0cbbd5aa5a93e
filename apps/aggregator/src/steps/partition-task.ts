import type { Applied } from '@headrace/denormalise'
import type { Batch, CommitOffset, OutgoingRecord } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import type { DirtyDocument } from './dirty-documents.ts'
import { type DocumentTarget, documentRecord, type Emitted } from './document-records.ts'
import type { GroupInputState, GroupTask } from './group-task.ts'
import type { RouterTask } from './router-task.ts'
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
}

export interface PartitionTaskParts {
  readonly partition: number
  readonly store: Store
  readonly group: GroupTask
  readonly routers: readonly RouterTask[]
  readonly topics: readonly TopicState[]
  readonly target: DocumentTarget
}

/** What was emitted, to be cleared after the commit. */
interface EmittedMark {
  readonly mark: DirtyDocument
  readonly sequence: number
}

/** A budget of bytes per transaction: it must end well before its timeout. */
const MAX_EMIT_BYTES = 16 * 1024 * 1024

/**
 * Everything of one view that belongs to one partition: its routers and its group stage over one store. The order within a
 * turn is the protocol (05 A13, A14): `route` and `apply` and the local commit, then `emit`, then the Kafka transaction with
 * `offsets`, then `committed`.
 */
export class PartitionTask {
  readonly partition: number
  readonly store: Store
  readonly group: GroupTask
  private readonly parts: PartitionTaskParts
  private readonly byTopic: ReadonlyMap<string, TopicState>
  private emitted: EmittedMark[] = []

  constructor(parts: PartitionTaskParts) {
    this.parts = parts
    this.partition = parts.partition
    this.store = parts.store
    this.group = parts.group
    this.byTopic = new Map(parts.topics.map(topic => [topic.input.topic, topic]))
  }

  get routers(): readonly RouterTask[] {
    return this.parts.routers
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

  /** The group stage's part of batches, in one local transaction with the applied offsets (05 A13). */
  apply(batches: readonly Batch[], now: number, counts: Map<Applied, number>): void {
    const own = batches.filter(batch => this.byTopic.get(batch.topic)!.group !== undefined)
    if (own.length === 0) return
    this.store.transaction(() => {
      for (const { topic, records, next } of own) {
        this.group.take(this.byTopic.get(topic)!.group!, records, next, now, counts)
      }
      this.group.stage.flush()
    })
  }

  /** Documents that are due: appends their records (05 A11). True: more are due than fit into one transaction. */
  emit(now: number, options: EmitOptions, into: OutgoingRecord[], counts: Map<Emitted, number>): boolean {
    const idleMs = this.isDrained ? 0 : options.idleMs
    let bytes = 0
    for (const mark of this.group.dirty.due(now, { ...options, idleMs })) {
      const { record, emitted } = documentRecord(this.parts.target, mark, this.group.stage.assemble(mark.key))
      if (record !== undefined) into.push(record)
      counts.set(emitted, (counts.get(emitted) ?? 0) + 1)
      this.emitted.push({ mark, sequence: mark.sequence })
      bytes += record?.value?.length ?? 0
      if (bytes >= MAX_EMIT_BYTES) break
    }
    return bytes >= MAX_EMIT_BYTES || this.emitted.length >= options.limit
  }

  /**
   * Positions to commit as they stand once this turn's emissions are out: those that have risen, or `all`, because records
   * without an offset beside them would not be fenced. A topic that a router and the group stage share is committed at the
   * group's low-water, and the router's position stands in the metadata.
   */
  offsets(all: boolean): CommitOffset[] {
    // what is emitted in this very transaction holds nothing back
    for (const { mark, sequence } of this.emitted) this.group.dirty.clear(mark.key, sequence)
    this.emitted = []
    const offsets: CommitOffset[] = []
    for (const state of this.parts.topics) {
      const { group, routers, routed, committed, input } = state
      const next = group === undefined ? routed : this.group.lowWater(group)
      const metadata = group !== undefined && routers.length > 0 ? `routed=${routed}` : ''
      const risen = committed === undefined || next > committed ? next : committed
      if (!all && risen === (committed ?? 0n) && metadata === state.committedMetadata) continue
      offsets.push({ topic: input.topic, partition: this.partition, next: risen, metadata })
    }
    return offsets
  }

  /** After the Kafka transaction: the routers' local index follows (05 A14). */
  committed(offsets: readonly CommitOffset[]): void {
    for (const { topic, partition, next, metadata } of offsets) {
      if (partition !== this.partition) continue
      const state = this.byTopic.get(topic)!
      state.committed = next
      state.committedMetadata = metadata ?? ''
    }
    const changed = this.parts.routers.filter(router => router.index.hasChanges)
    if (changed.length > 0) this.store.transaction(() => changed.forEach(router => router.index.flush()))
  }

  close(): Promise<void> {
    return this.store.close()
  }
}

const ROUTED = /^routed=(\d+)$/

/** The router's position of a shared topic, as `offsets` wrote it. */
export const routedOf = (metadata: string): bigint | undefined => {
  const match = ROUTED.exec(metadata)
  return match === null ? undefined : BigInt(match[1]!)
}

import type { Applied } from '@headrace/denormalise'
import {
  type Batch,
  type FencedWriter,
  type GroupConsumer,
  type OutgoingRecord,
  TransactionPace,
} from '@headrace/kafka'
import type { Failpoints } from '@headrace/runtime'
import type { Events } from '../events.ts'
import type { BroadcastFeed, BroadcastPart } from './broadcast-feed.ts'
import type { Emitted } from './document-records.ts'
import { EmissionBudget, Rotation } from './emission-budget.ts'
import { EmissionPatience } from './emission-patience.ts'
import type { Generation } from './generations.ts'
import type { Emission, PartitionTask } from './partition-task.ts'

export interface TurnOptions {
  readonly view: string
  readonly consumer: Pick<GroupConsumer, 'poll'>
  readonly writer: Pick<FencedWriter, 'write'>
  readonly feed: BroadcastFeed
  readonly maxRecords: number
  readonly emitIdleMs: number
  readonly emitMaxMs: number
  readonly events: Events
  readonly failpoint: Failpoints
  readonly now?: () => number
  /** For tests: entries looked at per turn, instead of STEP. */
  readonly step?: number
}

/** Positions without records are committed this often. */
const OFFSETS_EVERY_MS = 1000
const IDLE_POLL_MS = 500
/**
 * Referring rows looked at per turn and partition, and entries of each section of its store for what a marker removes, so that
 * nobody waits long behind a row that is in every document or a truncation.
 */
const STEP = 5000

/**
 * The loop of one generation: poll, routers, group stages and dimensions with their local commits, due documents, one fenced Kafka transaction,
 * routers' local indexes (05 A2, A11, A13, A14). Throws what ends the generation; whoever runs it throws the tasks away then:
 * all that a turn keeps in memory is made again from stores and committed offsets.
 */
export class TurnLoop {
  private readonly options: TurnOptions
  private readonly tasks: ReadonlyMap<number, PartitionTask>
  private readonly emitting: Rotation<PartitionTask>
  private readonly generation: Generation
  private readonly now: () => number
  private committedAt: number
  private hasMore = false
  private readonly pace = new TransactionPace()
  private readonly patience: EmissionPatience

  constructor(options: TurnOptions, tasks: readonly PartitionTask[], generation: Generation) {
    this.options = options
    this.tasks = new Map(tasks.map(task => [task.partition, task]))
    this.emitting = new Rotation(tasks)
    this.generation = generation
    this.now = options.now ?? (() => performance.now())
    this.committedAt = this.now()
    const { emitIdleMs: idleMs, emitMaxMs: maxMs, maxRecords: limit } = options
    this.patience = new EmissionPatience({ idleMs, maxMs, limit })
  }

  /** One turn. */
  async turn(signal: AbortSignal): Promise<void> {
    const polled = await this.gather(signal)
    if (this.generation.ended.aborted) return
    const batches = polled.filter(batch => batch.membership === this.generation.membership)
    const started = this.now()
    const records = this.work(batches, this.options.feed.take(), started)
    if (records.length > 0 || started - this.committedAt >= OFFSETS_EVERY_MS) await this.commit(records)
  }

  /** Waits until something is there, then until the pace allows the next transaction. */
  private async gather(signal: AbortSignal): Promise<readonly Batch[]> {
    const { consumer, feed, maxRecords } = this.options
    const wake = feed.hasArrived ? signal : AbortSignal.any([signal, feed.arrived])
    const maxWaitMs = feed.hasArrived ? 0 : this.waitMs()
    const batches = [...(await consumer.poll({ maxRecords, maxWaitMs, signal: wake }))]
    if (this.hasMore) return batches
    let room = maxRecords - countRecords(batches)
    while (room > 0 && this.pace.leftMs > 0) {
      const more = await consumer.poll({ maxRecords: room, maxWaitMs: this.pace.leftMs, signal })
      if (more.length === 0) break
      batches.push(...more)
      room -= countRecords(more)
    }
    return batches
  }

  private waitMs(): number {
    if (this.hasMore) return 0
    for (const task of this.tasks.values())
      if (task.group.dirtyCount > 0) return Math.max(1, this.options.emitIdleMs)
    return IDLE_POLL_MS
  }

  /** Everything up to the Kafka transaction. */
  private work(
    batches: readonly Batch[],
    broadcasts: readonly BroadcastPart[],
    now: number,
  ): OutgoingRecord[] {
    const { view, events, failpoint } = this.options
    const records: OutgoingRecord[] = []
    const applied = new Map<Applied, number>()
    const emitted = new Map<Emitted, number>()
    const byTask = new Map<PartitionTask, Batch[]>()
    for (const batch of batches) {
      const task = this.tasks.get(batch.partition)
      if (task === undefined) continue
      task.route(batch, records)
      byTask.set(task, [...(byTask.get(task) ?? []), batch])
    }
    const routed = records.length
    if (byTask.size > 0) failpoint('aggregator.before_local_commit')
    for (const [task, own] of byTask) task.apply(own, now, applied)
    for (const task of this.tasks.values()) task.applyBroadcast(broadcasts)
    if (byTask.size > 0) failpoint('aggregator.after_local_commit')
    const isLoad = batches.some(batch => this.tasks.get(batch.partition)?.isOfLoad(batch))
    this.patience.took({ records: countRecords(batches), isLoad }, now)
    const emission = { into: records, counts: emitted, budget: new EmissionBudget(this.now), routed }
    this.hasMore = this.emit(now, emission)
    const seconds = (this.now() - now) / 1000
    events.worked(view, { batches, routed: emission.routed, applied, emitted, seconds })
    return records
  }

  /** What markers remove, fan-outs, then documents, as far as one transaction should go. True: there is more. */
  private emit(now: number, emission: Emission): boolean {
    const options = this.patience.at(now)
    const { step = STEP, failpoint } = this.options
    return this.emitting.turn(emission.budget, task => {
      let hasMore = false
      if (task.isSweeping) {
        hasMore = task.sweep(step, now, emission)
        failpoint('aggregator.during_sweep')
      }
      if (task.broadcasts.hasPending) {
        hasMore = task.broadcasts.fanOut(step, now) || hasMore
        failpoint('aggregator.during_fan_out')
      }
      return task.emit(now, options, emission) || hasMore
    })
  }

  private async commit(records: readonly OutgoingRecord[]): Promise<void> {
    const { view, writer, events, failpoint } = this.options
    const started = this.now()
    const tasks = [...this.tasks.values()]
    const offsets = tasks.flatMap(task => task.offsets(records.length > 0))
    this.committedAt = started
    if (records.length === 0 && offsets.length === 0) return
    this.pace.began()
    await writer.write({ records, from: { membership: this.generation.membership, offsets } })
    this.pace.ended()
    failpoint('aggregator.after_kafka_commit')
    for (const task of tasks) task.committed(offsets)
    failpoint('aggregator.after_index_commit')
    events.committed(view, records.length, (this.now() - started) / 1000)
  }
}

const countRecords = (batches: readonly Batch[]): number =>
  batches.reduce((sum, { records }) => sum + records.length, 0)

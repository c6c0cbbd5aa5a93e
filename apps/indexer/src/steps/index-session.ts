import { setTimeout as sleep } from 'node:timers/promises'
import type { ViewIndex } from '@headrace/elasticsearch'
import { codeOf } from '@headrace/errors'
import type {
  Batch,
  CommittedOffset,
  GroupConsumer,
  Kafka,
  Membership,
  PartitionReader,
} from '@headrace/kafka'
import type { Health } from '@headrace/runtime'
import type { Events } from '../events.ts'
import { KnownPast } from './known-past.ts'
import { PartitionLane, type LaneOptions } from './partition-lane.ts'

const POLL_RECORDS = 2_000
const POLL_MS = 200
const COMMIT_EVERY_MS = 500
const LAG_EVERY_MS = 1_000
/** Fetched records that may wait for Elasticsearch, in bytes of their values. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024
const DRAIN_MS = 10_000

export interface SessionOptions {
  readonly kafka: Kafka
  readonly reader: PartitionReader
  readonly groupId: string
  readonly topic: string
  readonly view: string
  readonly instance: string
  readonly index: ViewIndex
  readonly write: LaneOptions['index']
  readonly events: Events
  readonly health: Health
  /** Called after each commit of offsets. */
  readonly progressed: () => void
  /** Called at each turn. */
  readonly turned: () => void
}

interface Generation {
  readonly membership: Membership
  readonly ended: AbortController
  readonly lanes: Map<number, PartitionLane>
  readonly past: KnownPast
  /** All partitions are begun, and what they know was looked at once. */
  isStarted: boolean
  /** Partitions of which more may be committed than is. */
  readonly done: Set<number>
}

export const groupOf = (pipeline: string, view: string, plan: string): string =>
  `${pipeline}.indexer.${view}.${plan}`

/** Offsets belong to an index: committed ones of another index say nothing about this one (06 E10). */
export const offsetMark = (index: ViewIndex, asOfMs: number): string =>
  `index ${index.name} ${index.uuid} ${asOfMs}`

/** Where to begin in this index, and the time up to which it is known; null: nothing is committed for it. */
export const trusted = (
  { next, metadata }: CommittedOffset,
  index: ViewIndex,
): { readonly next: bigint; readonly asOfMs: number } | null => {
  const [, name, uuid, asOf] = metadata.split(' ')
  if (next === null || name !== index.name || uuid !== index.uuid) return null
  return { next, asOfMs: Number(asOf) || index.createdAtMs }
}

/** The time up to which an index is known in which nothing was written: what it is given is read after it was made. */
const knownAtFirst = ({ created, createdAtMs }: ViewIndex): number => (created ? Date.now() : createdAtMs)

/** One membership in a view's group, from joining until the signal fires or something fails. */
export class IndexSession {
  readonly #options: SessionOptions
  #generation: Generation | undefined
  #failure: { readonly error: unknown } | undefined
  #lastCommit = 0
  #lastLag = 0

  constructor(options: SessionOptions) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    const { kafka, groupId, topic, instance } = this.#options
    const consumer = await kafka.consumer({
      groupId,
      topics: [topic],
      memberName: instance,
      handlers: {
        assigned: membership => this.#assigned(consumer, membership),
        revoked: () => this.#revoked(),
      },
    })
    try {
      while (!signal.aborted) await this.#turn(consumer, signal)
      await this.#drain(consumer)
    } finally {
      this.#generation?.ended.abort()
      await consumer.stop()
    }
  }

  #assigned(consumer: GroupConsumer, membership: Membership): void {
    const generation: Generation = {
      membership,
      ended: new AbortController(),
      lanes: new Map(),
      past: new KnownPast(this.#options),
      isStarted: false,
      done: new Set(),
    }
    this.#generation = generation
    void this.#startPartitions(consumer, generation).catch((error: unknown) => {
      if (!generation.ended.signal.aborted) this.#fail(error)
    })
  }

  async #startPartitions(consumer: GroupConsumer, generation: Generation): Promise<void> {
    const { membership, ended, past } = generation
    const { topic, index, reader, view, events } = this.#options
    const partitions = membership.assignment[topic] ?? []
    const offsets = partitions.length === 0 ? [] : await consumer.committed({ [topic]: partitions })
    let fromStart = 0
    for (const offset of offsets) {
      const known = trusted(offset, index)
      if (known === null) fromStart++
      const from = known?.next ?? (await reader.bounds(topic, offset.partition)).start
      past.begin(offset.partition, from, known?.asOfMs ?? knownAtFirst(index))
    }
    await this.#judgePast(consumer, generation)
    if (ended.signal.aborted) return
    for (const partition of partitions)
      consumer.startPartition(membership, topic, partition, past.position(partition)!.next)
    generation.isStarted = true
    events.assigned(view, partitions, fromStart)
    this.#options.health.ready()
  }

  #revoked(): void {
    this.#generation?.ended.abort()
    this.#generation = undefined
    this.#options.events.revoked(this.#options.view)
    this.#options.health.notReady('joining the group')
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
  }

  async #turn(consumer: GroupConsumer, signal: AbortSignal): Promise<void> {
    const { events, health, view, turned } = this.#options
    if (this.#failure !== undefined) throw this.#failure.error
    health.turned()
    // while Elasticsearch is slow or away, nothing more is taken; the consumer keeps its heartbeats (06 E11)
    if (this.#waitingBytes() < MOST_WAITING_BYTES) {
      for (const batch of await consumer.poll({ maxRecords: POLL_RECORDS, maxWaitMs: POLL_MS, signal }))
        this.#dispatch(batch)
    } else {
      await sleep(20, undefined, { signal }).catch(() => undefined)
    }
    const now = performance.now()
    if (now - this.#lastCommit >= COMMIT_EVERY_MS) {
      this.#lastCommit = now
      await this.#commit(consumer)
      turned()
    }
    if (now - this.#lastLag >= LAG_EVERY_MS) {
      this.#lastLag = now
      events.lag(view, consumer.lag())
      this.#lookAtPast(consumer)
    }
  }

  #lookAtPast(consumer: GroupConsumer): void {
    const generation = this.#generation
    if (generation?.isStarted !== true) return
    this.#judgePast(consumer, generation).catch((error: unknown) => {
      // whatever else there is, the next look asks again
      if (codeOf(error) === 'indexer.index_outdated') this.#fail(error)
    })
  }

  /** Throws indexer.index_outdated when deletes may be missing for good in the index. */
  async #judgePast(consumer: GroupConsumer, generation: Generation): Promise<void> {
    const { past, membership, ended } = generation
    const { topic, index } = this.#options
    const { moved, outdated } = await past.look()
    for (const partition of moved) generation.done.add(partition)
    if (outdated === undefined) return
    const { next, asOfMs } = past.position(outdated)!
    // a process that stood still may have lost the partition: who has it keeps the index in step
    const metadata = offsetMark(index, asOfMs)
    await consumer.commit(membership, [{ topic, partition: outdated, next, metadata }])
    if (!ended.signal.aborted) throw past.outdated(outdated)
  }

  #waitingBytes(): number {
    let sum = 0
    for (const lane of this.#generation?.lanes.values() ?? []) sum += lane.bytes
    return sum
  }

  #dispatch(batch: Batch): void {
    const generation = this.#generation
    if (generation === undefined || batch.membership !== generation.membership) return
    let lane = generation.lanes.get(batch.partition)
    if (lane === undefined) {
      lane = new PartitionLane({
        partition: batch.partition,
        index: this.#options.write,
        done: (partition, next) => {
          generation.past.taken(partition, next)
          generation.done.add(partition)
        },
        failed: error => this.#fail(error),
        signal: generation.ended.signal,
      })
      generation.lanes.set(batch.partition, lane)
    }
    lane.add(batch)
  }

  async #commit(consumer: GroupConsumer): Promise<void> {
    const generation = this.#generation
    if (generation === undefined || generation.done.size === 0) return
    const { topic, index, events, progressed } = this.#options
    const offsets = [...generation.done].flatMap(partition => {
      const at = generation.past.position(partition)
      return at === undefined
        ? []
        : [{ topic, partition, next: at.next, metadata: offsetMark(index, at.asOfMs) }]
    })
    generation.done.clear()
    const begun = performance.now()
    try {
      await consumer.commit(generation.membership, offsets)
      events.committed((performance.now() - begun) / 1_000)
      progressed()
    } catch (error) {
      // the group moved on: whoever has the partitions now takes them from the last commit
      if (codeOf(error) !== 'kafka.fenced') throw error
    }
  }

  /** What is under way ends and is committed, so the successor repeats little. */
  async #drain(consumer: GroupConsumer): Promise<void> {
    const generation = this.#generation
    if (generation === undefined) return
    const giveUp = new AbortController()
    const drained = Promise.all([...generation.lanes.values()].map(lane => lane.drain()))
    await Promise.race([
      drained,
      sleep(DRAIN_MS, undefined, { signal: giveUp.signal }).catch(() => undefined),
    ])
    giveUp.abort()
    await this.#commit(consumer)
  }
}

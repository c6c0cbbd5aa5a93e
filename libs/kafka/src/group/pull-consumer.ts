import { HeadraceError } from '@headrace/errors'
import type { ClusterClient } from '../connect/cluster-client.ts'
import { commitOffsets, logOffset, stableOffsets } from '../connect/offsets.ts'
import { pause } from '../connect/retry.ts'
import { kafkaError } from '../faults.ts'
import { limitsOf } from '../limits.ts'
import type {
  ConsumerHandlers,
  CommitOffset,
  CommittedOffset,
  GroupConsumer,
  Batch,
  Membership,
  PartitionLag,
} from '../types.ts'
import type { ConsumerOptions, KafkaLog } from '../options.ts'
import { partitionKey } from '../writer/chunks.ts'
import { BatchQueue, type QueuedBatch } from './batch-queue.ts'
import { Fetcher } from './fetcher.ts'
import { GroupMember, refuseMismatch } from './group-member.ts'

const DEFAULTS = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 30_000 }
/** How long stopping waits for the group protocol (a join under way can last). */
const STOP_MS = 3000

/** Sockets: the group protocol waits inside the broker, so it has its own. */
export interface ConsumerClients {
  readonly group: ClusterClient
  readonly data: ClusterClient
}

/** How far a service has taken a partition. */
interface Taken {
  readonly topic: string
  readonly partition: number
  next: bigint
  timestamp: number | undefined
}

/** GroupConsumer: membership, fetcher and queue put together. */
export class PullConsumer implements GroupConsumer {
  readonly failed: Promise<never>
  readonly #clients: ConsumerClients
  readonly #groupId: string
  readonly #topics: readonly string[]
  readonly #handlers: ConsumerHandlers
  readonly #queue = new BatchQueue(partitionKey)
  readonly #fetcher: Fetcher
  readonly #member: GroupMember
  readonly #ending = new AbortController()
  readonly #taken = new Map<string, Taken>()
  /** The newest start of each partition. */
  readonly #starts = new Map<string, symbol>()
  #running: Promise<void> = Promise.resolve()
  #current: Membership | undefined
  #failure: HeadraceError | undefined
  #reject: (error: HeadraceError) => void = () => undefined
  #wake: () => void = () => undefined

  constructor(clients: ConsumerClients, options: ConsumerOptions, log: KafkaLog) {
    const { sessionTimeoutMs = DEFAULTS.sessionTimeoutMs, rebalanceTimeoutMs = DEFAULTS.rebalanceTimeoutMs } =
      options
    const { groupId, topics, memberName, handlers, fetch } = options
    this.#clients = clients
    this.#groupId = groupId
    this.#topics = topics
    this.#handlers = handlers
    this.failed = new Promise<never>((_, reject) => {
      this.#reject = reject
    })
    this.failed.catch(() => undefined) // whoever does not look at it learns it from poll
    this.#fetcher = new Fetcher(
      clients.data,
      this.#queue,
      { ...limitsOf(fetch), log },
      {
        arrived: () => this.#wake(),
        failed: error => this.#fail(error),
      },
    )
    this.#member = new GroupMember(
      clients.group,
      { groupId, topics, memberName, sessionTimeoutMs, rebalanceTimeoutMs, log },
      {
        assigned: membership => this.#begin(membership),
        revoked: membership => this.#end(membership),
      },
    )
  }

  async start(): Promise<void> {
    await refuseMismatch(this.#clients.data, this.#topics)
    this.#running = this.#member
      .run(this.#ending.signal)
      .catch((error: unknown) => this.#fail(kafkaError(error, 'the consumer ended', this.#groupId)))
  }

  startPartition(membership: Membership, topic: string, partition: number, next?: bigint): void {
    if (membership !== this.#current) return // void by now: the next assignment starts it
    if (membership.assignment[topic]?.includes(partition) !== true) {
      throw new HeadraceError(
        'internal.bug',
        `${topic}/${partition} is not assigned in generation ${membership.generationId}`,
      )
    }
    // nothing of a start before may arrive any more: a committed offset read now would be older than its work
    const start = Symbol(topic)
    this.#starts.set(partitionKey(topic, partition), start)
    this.#fetcher.halt(topic, partition)
    if (next !== undefined) this.#startAt(membership, topic, partition, next)
    else void this.#startAtCommitted(membership, topic, partition, start)
  }

  async poll({
    maxRecords,
    maxWaitMs,
    signal,
  }: Parameters<GroupConsumer['poll']>[0]): Promise<readonly Batch[]> {
    const deadline = Date.now() + maxWaitMs
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      const membership = this.#current
      if (membership !== undefined && !this.#queue.isEmpty) return this.#take(membership, maxRecords)
      const left = deadline - Date.now()
      if (left <= 0 || signal.aborted || this.#ending.signal.aborted) return []
      await this.#arrival(left, signal)
    }
  }

  committed(topics: Readonly<Record<string, readonly number[]>>): Promise<readonly CommittedOffset[]> {
    return stableOffsets(this.#clients.data, this.#groupId, topics)
  }

  commit(membership: Membership, offsets: readonly CommitOffset[]): Promise<void> {
    return commitOffsets(this.#clients.data, membership, offsets)
  }

  lag(): readonly PartitionLag[] {
    const now = Date.now()
    return [...this.#taken.values()].map(({ topic, partition, next, timestamp }) => {
      const end = this.#fetcher.endOf(topic, partition) ?? next
      const records = end > next ? Number(end - next) : 0
      const since = timestamp ?? this.#queue.oldest(topic, partition)?.timestamp ?? now
      return { topic, partition, records, seconds: records === 0 ? 0 : Math.max(0, (now - since) / 1000) }
    })
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    this.#fetcher.stop()
    this.#wake()
    const giveUp = new AbortController()
    await Promise.race([this.#running, pause(STOP_MS, giveUp.signal)])
    giveUp.abort()
    await Promise.all([this.#clients.group.stop(), this.#clients.data.stop()])
    await this.#running
  }

  #begin(membership: Membership): void {
    this.#current = membership
    this.#guard(() => this.#handlers.assigned(membership))
  }

  #end(membership: Membership): void {
    this.#current = undefined
    this.#fetcher.reset()
    this.#taken.clear()
    this.#guard(() => this.#handlers.revoked(membership))
  }

  #guard(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#fail(
        error instanceof HeadraceError
          ? error
          : new HeadraceError('internal.bug', 'a consumer callback threw', { cause: error }),
      )
    }
  }

  #startAt(membership: Membership, topic: string, partition: number, next: bigint): void {
    if (membership !== this.#current || this.#ending.signal.aborted) return
    this.#taken.set(partitionKey(topic, partition), { topic, partition, next, timestamp: undefined })
    this.#fetcher.start(topic, partition, next)
  }

  async #startAtCommitted(
    membership: Membership,
    topic: string,
    partition: number,
    start: symbol,
  ): Promise<void> {
    const key = partitionKey(topic, partition)
    try {
      const [offset] = await this.committed({ [topic]: [partition] })
      const next = offset?.next ?? (await logOffset(this.#clients.data, topic, partition, 'start'))
      if (this.#starts.get(key) === start) this.#startAt(membership, topic, partition, next)
    } catch (error) {
      if (membership === this.#current) this.#fail(kafkaError(error, 'the partition cannot be started', key))
    }
  }

  #take(membership: Membership, maxRecords: number): Batch[] {
    const batches = this.#queue.take(maxRecords)
    for (const batch of batches) this.#note(batch)
    this.#fetcher.pump()
    return batches.map(({ topic, partition, records, next, endOffset }) => ({
      topic,
      partition,
      records,
      next,
      endOffset,
      membership,
    }))
  }

  #note({ topic, partition, records, next }: QueuedBatch): void {
    const taken = this.#taken.get(partitionKey(topic, partition))
    if (taken === undefined) return
    taken.next = next
    taken.timestamp = records.at(-1)?.timestamp ?? taken.timestamp
  }

  /** Something arrived, or the consumer failed or stops, or time is up. */
  async #arrival(ms: number, signal: AbortSignal): Promise<void> {
    const before = this.#wake
    await new Promise<void>(resolve => {
      const timer = setTimeout(done, ms)
      const restore = (): void => {
        this.#wake = before
      }
      function done(): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        restore()
        resolve()
      }
      signal.addEventListener('abort', done)
      this.#wake = () => {
        done()
        before()
      }
    })
  }

  #fail(error: HeadraceError): void {
    if (this.#failure !== undefined || this.#ending.signal.aborted) return
    this.#failure = error
    this.#reject(error)
    this.#ending.abort()
    this.#fetcher.stop()
    this.#wake()
  }
}

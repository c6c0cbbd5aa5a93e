import { backoffDelay, type HeadraceError } from '@headrace/errors'
import type { ClusterClient } from '../connect/cluster-client.ts'
import { createErrorFromCode } from '../connect/kafkajs.ts'
import { pause } from '../connect/retry.ts'
import { isTransient, kafkaError } from '../faults.ts'
import type { KafkaLog } from '../options.ts'
import { fetchRequest, type FetchedPartition, type FetchLimits } from '../protocol/fetch.ts'
import { readRecordBatches } from '../protocol/record-batch-reader.ts'
import { sendTo } from '../protocol/request.ts'
import { partitionKey } from '../writer/chunks.ts'
import type { BatchQueue } from './batch-queue.ts'

export interface FetcherOptions {
  readonly limits: FetchLimits
  readonly maxQueuedBytes: number
  readonly log: KafkaLog
}

export interface FetcherEvents {
  /** Something was queued. */
  arrived(): void
  failed(error: HeadraceError): void
}

/** A partition that is being read. Another object for the same partition is another reading: old answers are dropped. */
interface Reading {
  readonly topic: string
  readonly partition: number
  position: bigint
  end: bigint
  leader: number | undefined
  locating: boolean
}

const BACKOFF = { first: 50, cap: 3000 }
/** A broker that answers "nothing" at once would make a busy loop. */
const EMPTY_PAUSE_MS = 20

/**
 * Keeps one fetch under way per broker as long as there is room in the queue. Fetching does not wait for what was
 * fetched to be worked on (06 E3).
 */
export class Fetcher {
  readonly #client: ClusterClient
  readonly #queue: BatchQueue
  readonly #options: FetcherOptions
  readonly #events: FetcherEvents
  readonly #readings = new Map<string, Reading>()
  readonly #underWay = new Set<number>()
  readonly #ending = new AbortController()
  #failures = 0
  #rotation = 0

  constructor(client: ClusterClient, queue: BatchQueue, options: FetcherOptions, events: FetcherEvents) {
    this.#client = client
    this.#queue = queue
    this.#options = options
    this.#events = events
  }

  /** Reads from here on, whatever was read of the partition before. */
  start(topic: string, partition: number, position: bigint): void {
    this.#queue.drop(topic, partition)
    const reading = { topic, partition, position, end: position, leader: undefined, locating: false }
    this.#readings.set(partitionKey(topic, partition), reading)
    this.pump()
  }

  /** Reads no more of a partition; what was fetched of it is dropped. */
  halt(topic: string, partition: number): void {
    this.#queue.drop(topic, partition)
    this.#readings.delete(partitionKey(topic, partition))
  }

  /** Last stable offset as of the last fetch. */
  endOf(topic: string, partition: number): bigint | undefined {
    return this.#readings.get(partitionKey(topic, partition))?.end
  }

  /** Nothing is read any more; answers under way are dropped. */
  reset(): void {
    this.#readings.clear()
    this.#queue.clear()
  }

  stop(): void {
    this.#ending.abort()
    this.reset()
  }

  /** Call it when there is room in the queue again. */
  pump(): void {
    if (this.#ending.signal.aborted || this.#queue.bytes >= this.#options.maxQueuedBytes) return
    const byLeader = new Map<number, Reading[]>()
    for (const reading of this.#readings.values()) {
      if (reading.leader === undefined) {
        this.#locate(reading)
      } else if (this.#hasRoom(reading)) {
        byLeader.set(reading.leader, [...(byLeader.get(reading.leader) ?? []), reading])
      }
    }
    for (const [nodeId, readings] of byLeader)
      if (!this.#underWay.has(nodeId)) void this.#fetch(nodeId, readings)
  }

  /** A partition nobody takes from does not fill the queue of all. */
  #hasRoom({ topic, partition }: Reading): boolean {
    return this.#queue.bytesOf(topic, partition) < 2 * this.#options.limits.maxBytesPerPartition
  }

  #locate(reading: Reading): void {
    if (reading.locating) return
    reading.locating = true
    const locate = async (): Promise<void> => {
      try {
        reading.leader = await this.#client.leader(reading.topic, reading.partition)
      } catch (error) {
        await this.#afterFailure(error, partitionKey(reading.topic, reading.partition))
      } finally {
        reading.locating = false
      }
      this.pump()
    }
    void locate()
  }

  async #fetch(nodeId: number, readings: readonly Reading[]): Promise<void> {
    this.#underWay.add(nodeId)
    const turn = this.#rotation++ % readings.length
    // the broker serves partitions in the order given until the answer is full
    const targets = [...readings.slice(turn), ...readings.slice(0, turn)].map(reading => ({ ...reading }))
    const asked = new Map(readings.map(reading => [partitionKey(reading.topic, reading.partition), reading]))
    try {
      const began = Date.now()
      const answer = await sendTo(
        await this.#client.broker(nodeId),
        fetchRequest(targets, this.#options.limits),
      )
      const problems = answer.map(part => this.#accept(part, asked)).filter(problem => problem !== undefined)
      if (problems[0] !== undefined) throw problems[0]
      this.#failures = 0
      const idle = answer.every(part => part.data.length === 0)
      if (idle && Date.now() - began < EMPTY_PAUSE_MS) await pause(EMPTY_PAUSE_MS, this.#ending.signal)
    } catch (error) {
      await this.#afterFailure(error, `broker ${nodeId}`)
      for (const reading of readings) reading.leader = undefined
    } finally {
      this.#underWay.delete(nodeId)
    }
    this.pump()
  }

  /** Queues the answer; a temporary error of the partition is returned, anything else ends the consumer. */
  #accept(part: FetchedPartition, asked: ReadonlyMap<string, Reading>): Error | undefined {
    const key = partitionKey(part.topic, part.partition)
    const reading = asked.get(key)
    if (reading === undefined || this.#readings.get(key) !== reading) return undefined
    if (part.errorCode !== 0) {
      const error = createErrorFromCode(part.errorCode)
      return isTransient(error)
        ? error
        : kafkaError(error, `the partition cannot be read at ${reading.position}`, key)
    }
    const { records, next } = readRecordBatches(part.data, reading.position, part.aborted)
    // the broker looks at the last stable offset before it reads: what was read may lie behind it, and is as stable
    reading.end = part.lastStableOffset > next ? part.lastStableOffset : next
    if (next === reading.position) return undefined
    reading.position = next
    const { topic, partition, data } = part
    this.#queue.push({ topic, partition, records, next, endOffset: reading.end, bytes: data.length })
    this.#events.arrived()
    return undefined
  }

  async #afterFailure(error: unknown, where: string): Promise<void> {
    if (this.#ending.signal.aborted) return
    if (!isTransient(error)) {
      this.#events.failed(kafkaError(error, 'fetching failed', where))
      this.#ending.abort()
      return
    }
    this.#options.log('warn', 'kafka.fetch_failed', { where, error: String(error) })
    await pause(backoffDelay(this.#failures++, Math.random(), BACKOFF), this.#ending.signal)
    await this.#client.refresh()
  }
}

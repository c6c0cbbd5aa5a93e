import type { ClusterClient } from '../connect/cluster-client.ts'
import { createErrorFromCode } from '../connect/kafkajs.ts'
import { logOffset } from '../connect/offsets.ts'
import { retry } from '../connect/retry.ts'
import { isTransient, kafkaError } from '../faults.ts'
import { limitsOf } from '../limits.ts'
import type { ReaderOptions } from '../options.ts'
import { fetchRequest, type FetchedPartition, type FetchLimits } from '../protocol/fetch.ts'
import { readRecordBatches } from '../protocol/record-batch-reader.ts'
import type { IncomingRecord, PartitionReader } from '../types.ts'
import { partitionKey } from '../writer/chunks.ts'

export interface ReadPart {
  readonly records: readonly IncomingRecord[]
  readonly next: bigint
}

const MIB = 1024 * 1024
const READER_DEFAULTS = { maxBytes: 8 * MIB, maxBytesPerPartition: 4 * MIB }
/** Kafka away for longer ends the reading. */
const PATIENCE_MS = 120_000

/**
 * Reads partitions without a group, by the plain Fetch request (06 E5a, docs/decisions/0003). `follow` waits inside the
 * broker, which answers one request of a connection after the other: every follower has sockets of its own.
 */
export class LogReader implements PartitionReader {
  readonly #makeClient: () => ClusterClient
  readonly #client: ClusterClient
  readonly #limits: FetchLimits
  readonly #followers = new Set<ClusterClient>()
  readonly #ending = new AbortController()

  constructor(makeClient: () => ClusterClient, options: ReaderOptions = {}) {
    this.#makeClient = makeClient
    this.#client = makeClient()
    this.#limits = limitsOf({ ...READER_DEFAULTS, ...options.fetch }).limits
  }

  async *readToEnd(
    topic: string,
    partition: number,
    from: bigint,
    signal?: AbortSignal,
  ): AsyncIterable<ReadPart> {
    // not the last stable offset: a commit returns before its markers are in the log, and what is restored must not
    // lack a transaction whose committed offset is known already
    const end = await this.written(topic, partition)
    const fetch = (position: bigint) => this.#fetch(this.#client, topic, partition, position, this.#limits)
    let pending = from < end ? fetch(from) : undefined
    for (let position = from; pending !== undefined;) {
      const part = await pending
      if (this.#isOver(signal)) return
      const { records, next } = readRecordBatches(part.data, position, part.aborted)
      const before = position
      // nothing more below the end that may be seen: the log ends in a gap
      const over = next >= end || (next === position && part.lastStableOffset >= end)
      position = over ? end : next
      pending = over ? undefined : fetch(position) // under way while the caller works
      pending?.catch(() => undefined)
      if (position === before) continue
      const cut = (records.at(-1)?.offset ?? -1n) >= end
      yield { records: cut ? records.filter(({ offset }) => offset < end) : records, next: position }
    }
  }

  async *follow(
    topic: string,
    partition: number,
    from: bigint,
    signal: AbortSignal,
  ): AsyncIterable<ReadPart> {
    const client = this.#makeClient()
    this.#followers.add(client)
    try {
      for (let position = from; !this.#isOver(signal);) {
        const part = await this.#fetch(client, topic, partition, position, this.#limits)
        if (this.#isOver(signal)) return
        const { records, next } = readRecordBatches(part.data, position, part.aborted)
        if (next === position) continue
        position = next
        yield { records, next }
      }
    } finally {
      this.#followers.delete(client)
      await client.stop()
    }
  }

  async bounds(topic: string, partition: number): Promise<{ readonly start: bigint; readonly end: bigint }> {
    const start = await logOffset(this.#client, topic, partition, 'start')
    const end = await logOffset(this.#client, topic, partition, 'stable')
    return { start, end }
  }

  written(topic: string, partition: number): Promise<bigint> {
    return logOffset(this.#client, topic, partition, 'end')
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await Promise.all([this.#client, ...this.#followers].map(client => client.stop()))
  }

  #isOver(signal: AbortSignal | undefined): boolean {
    return signal?.aborted === true || this.#ending.signal.aborted
  }

  async #fetch(
    client: ClusterClient,
    topic: string,
    partition: number,
    position: bigint,
    limits: FetchLimits,
  ): Promise<FetchedPartition> {
    const where = partitionKey(topic, partition)
    const attempt = async (): Promise<FetchedPartition> => {
      const [part] = await client.atLeader(
        topic,
        partition,
        fetchRequest([{ topic, partition, position }], limits),
      )
      if (part === undefined) throw createErrorFromCode(-1)
      if (part.errorCode !== 0) throw createErrorFromCode(part.errorCode)
      return part
    }
    try {
      return await retry(attempt, {
        withinMs: PATIENCE_MS,
        first: 50,
        retriable: error => isTransient(error) && !this.#ending.signal.aborted,
        onRetry: () => void client.refresh(),
      })
    } catch (error) {
      throw kafkaError(error, `the partition cannot be read at ${position}`, where)
    }
  }
}

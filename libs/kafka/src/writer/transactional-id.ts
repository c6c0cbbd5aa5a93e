import { HeadraceError } from '@headrace/errors'
import type { ClusterClient } from '../connect/cluster-client.ts'
import { createErrorFromCode, type ProducerIdentity } from '../connect/kafkajs.ts'
import { retry } from '../connect/retry.ts'
import { brokerErrorType, isBrokerFailure, isConnectionFault, isTransient, kafkaError } from '../faults.ts'
import { produceRequest, type ProducePart } from '../protocol/produce.ts'
import { sendTo } from '../protocol/request.ts'
import { writeRecordBatch } from '../protocol/record-batch-writer.ts'
import { byTopic, txnOffsetCommit } from '../protocol/txn-offset-commit.ts'
import type { CommitOffset, Membership, OutgoingRecord } from '../types.ts'
import { cutIntoRounds, partitionKey, type PartitionChunk } from './chunks.ts'

export interface TransactionalIdOptions {
  readonly id: string
  readonly transactionTimeoutMs: number
  /** Codec number of record batches. */
  readonly codec: number
  /** How long an EndTxn without an answer is repeated before its outcome is called unknown, ms. */
  readonly endTxnPatienceMs: number
  readonly hold?: Hold
}

/** Where a test can hold a transaction: partitions and group added; records and offsets accepted. */
export type HoldPoint = 'added' | 'prepared'
export type Hold = (point: HoldPoint) => Promise<void>

const MAX_SEQUENCE = 0x7fffffff
/** CONCURRENT_TRANSACTIONS ends within milliseconds. */
const FIRST_RETRY_MS = 3
const RETRY_CAP_MS = 200
const DUPLICATE_SEQUENCE = 46
const PRODUCE_TIMEOUT_MS = 10_000

/**
 * One transactional id: one transaction after the other, by the plain requests (KIP-98, KIP-447). kafkajs's producer
 * is not used: it retries neither AddOffsetsToTxn nor EndTxn, and forgets what it sent when a send fails.
 */
export class TransactionalId {
  readonly #client: ClusterClient
  readonly #options: TransactionalIdOptions
  #identity: ProducerIdentity | undefined
  readonly #sequences = new Map<string, number>()

  constructor(client: ClusterClient, options: TransactionalIdOptions) {
    this.#client = client
    this.#options = options
  }

  /** InitProducerId: fences the id's older owner, and aborts or completes what it left open. */
  async init(): Promise<void> {
    const { id, transactionTimeoutMs } = this.#options
    this.#identity = undefined
    // the older owner's transaction may have to be ended first: its timeout and the broker's clean-up bound that
    const withinMs = transactionTimeoutMs + this.#client.patienceMs
    const made = await this.#client.patientAtCoordinator(
      'transaction',
      id,
      'the writer cannot start',
      broker => broker.initProducerId({ transactionalId: id, transactionTimeout: transactionTimeoutMs }),
      withinMs,
    )
    this.#sequences.clear()
    this.#identity = { transactionalId: id, producerId: made.producerId, producerEpoch: made.producerEpoch }
  }

  /** Everything of the transaction but its end: when this resolves, all records and offsets were accepted. */
  async prepare(
    records: readonly OutgoingRecord[],
    membership: Membership | undefined,
    offsets: readonly CommitOffset[],
  ): Promise<void> {
    const deadline = Date.now() + this.#options.transactionTimeoutMs
    const withOffsets = membership !== undefined && offsets.length > 0
    // all is awaited before an error is thrown: nothing may be on its way when the transaction is aborted
    await allDone([
      ...(records.length > 0 ? [this.#addPartitions(records, deadline)] : []),
      ...(withOffsets ? [this.#addGroup(membership.groupId, deadline)] : []),
    ])
    await this.#options.hold?.('added')
    await allDone([
      this.#produceAll(records, deadline),
      ...(withOffsets ? [this.#sendOffsets(membership, offsets, deadline)] : []),
    ])
    await this.#options.hold?.('prepared')
  }

  /**
   * EndTxn. Repeating it is safe as long as this id begins nothing new: the coordinator answers a repetition with the
   * outcome that stands. It says UNKNOWN when a newer owner of the id comes in between (Kafka 4.1: once in some 170 times).
   * @returns false when no answer came in time: the outcome is unknown
   */
  async end(commit: boolean): Promise<boolean> {
    const { id, endTxnPatienceMs } = this.#options
    const request = () =>
      this.#client.atCoordinator('transaction', id, broker =>
        broker.endTxn({ ...this.#own(), transactionResult: commit }),
      )
    try {
      await retry(request, {
        withinMs: this.#options.transactionTimeoutMs,
        first: FIRST_RETRY_MS,
        cap: RETRY_CAP_MS,
        retriable: error =>
          !this.#client.stopped && isUnsure(error) && (endTxnPatienceMs > 0 || !isConnectionFault(error)),
      })
      return true
    } catch (error) {
      if (isUnsure(error)) return false
      throw error
    }
  }

  #own(): ProducerIdentity {
    if (this.#identity === undefined)
      throw new HeadraceError('internal.bug', `transactional id ${this.#options.id} is not initialised`)
    return this.#identity
  }

  async #addPartitions(records: readonly OutgoingRecord[], deadline: number): Promise<void> {
    const touched = new Map(
      records.map(({ topic, partition }) => [partitionKey(topic, partition), { topic, partition }]),
    )
    const topics = byTopic([...touched.values()]).map(([topic, list]) => ({
      topic,
      partitions: list.map(p => p.partition),
    }))
    await this.#atTransactionCoordinator(
      broker => broker.addPartitionsToTxn({ ...this.#own(), topics }),
      deadline,
    )
  }

  /** May be the first request of a transaction (06 E4a): CONCURRENT_TRANSACTIONS is repeated here too. */
  async #addGroup(groupId: string, deadline: number): Promise<void> {
    await this.#atTransactionCoordinator(
      broker => broker.addOffsetsToTxn({ ...this.#own(), groupId }),
      deadline,
    )
  }

  async #sendOffsets(
    membership: Membership,
    offsets: readonly CommitOffset[],
    deadline: number,
  ): Promise<void> {
    const call = () => txnOffsetCommit(this.#own(), membership, offsets)
    await this.#repeat(
      () => this.#client.atCoordinator('group', membership.groupId, broker => sendTo(broker, call())),
      deadline,
    )
  }

  async #produceAll(records: readonly OutgoingRecord[], deadline: number): Promise<void> {
    for (const round of cutIntoRounds(records)) {
      const parts = round.map(chunk => this.#encode(chunk))
      await this.#repeat(() => this.#produceRound(parts), deadline)
    }
  }

  #encode({ topic, partition, records }: PartitionChunk): ProducePart {
    const { producerId, producerEpoch } = this.#own()
    const key = partitionKey(topic, partition)
    const firstSequence = this.#sequences.get(key) ?? 0
    this.#sequences.set(key, (firstSequence + records.length) & MAX_SEQUENCE)
    const identity = { producerId: BigInt(producerId), producerEpoch, firstSequence }
    return { topic, partition, batch: writeRecordBatch(records, identity, this.#options.codec, Date.now()) }
  }

  /** The same bytes may be sent again after any error: brokers know a batch by its sequence. */
  async #produceRound(parts: readonly ProducePart[]): Promise<void> {
    const leaders = new Map<number, ProducePart[]>()
    for (const part of parts) {
      const leader = await this.#client.leader(part.topic, part.partition)
      const list = leaders.get(leader)
      if (list) list.push(part)
      else leaders.set(leader, [part])
    }
    await allDone([...leaders].map(([nodeId, list]) => this.#produce(nodeId, list)))
  }

  async #produce(nodeId: number, parts: readonly ProducePart[]): Promise<void> {
    const broker = await this.#client.broker(nodeId)
    const results = await sendTo(broker, produceRequest(this.#options.id, parts, PRODUCE_TIMEOUT_MS))
    const failed = results.find(({ errorCode }) => errorCode !== 0 && errorCode !== DUPLICATE_SEQUENCE)
    if (failed === undefined) return
    const error = createErrorFromCode(failed.errorCode)
    throw isTransient(error)
      ? error
      : kafkaError(error, 'records were not accepted', partitionKey(failed.topic, failed.partition))
  }

  #atTransactionCoordinator(
    request: Parameters<ClusterClient['atCoordinator']>[2],
    deadline: number,
  ): Promise<unknown> {
    return this.#repeat(() => this.#client.atCoordinator('transaction', this.#options.id, request), deadline)
  }

  /** Until the transaction has timed out anyway. */
  #repeat<T>(attempt: () => Promise<T>, deadline: number): Promise<T> {
    return retry(attempt, {
      withinMs: deadline - Date.now(),
      first: FIRST_RETRY_MS,
      cap: RETRY_CAP_MS,
      retriable: error => !this.#client.stopped && isTransient(error),
      onRetry: error => {
        if (isConnectionFault(error) || STALE_METADATA.has(brokerErrorType(error) ?? ''))
          void this.#client.refresh()
      },
    })
  }
}

/** It may have been carried out or not. */
const isUnsure = (error: unknown): boolean => isTransient(error) || isBrokerFailure(error)

const STALE_METADATA = new Set([
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'UNKNOWN_TOPIC_OR_PARTITION',
])

/** Waits for all, then throws the first error. */
const allDone = async (work: readonly Promise<unknown>[]): Promise<void> => {
  const results = await Promise.allSettled(work)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

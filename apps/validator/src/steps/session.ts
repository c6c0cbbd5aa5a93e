import { codeOf } from '@headrace/errors'
import {
  type Batch,
  type FencedWriter,
  type GroupConsumer,
  type Kafka,
  type Membership,
  TransactionPace,
} from '@headrace/kafka'
import { type Pipeline, topicSizes, validatorGroup } from '@headrace/pipeline'
import type { Failpoints, Health } from '@headrace/runtime'
import { descriptorRecord } from '../adapters/descriptor-record.ts'
import type { RelationBook } from '../adapters/relation-book.ts'
import type { Events } from '../events.ts'
import type { DatasetStep } from './dataset-step.ts'
import { Turn } from './turn.ts'

export interface SessionOptions {
  readonly pipeline: Pipeline
  readonly kafka: Kafka
  readonly instance: string
  readonly compression: 'none' | 'lz4' | 'gzip'
  /** When a transaction is committed although the input is not drained. */
  readonly turn: { readonly records: number; readonly ms: number }
  /** After which the group gives a silent member's partitions away; libs/kafka's default when absent. */
  readonly sessionTimeoutMs?: number
  readonly events: Events
  readonly health: Health
  readonly failpoints: Failpoints
}

/** How long a poll waits for records while there is nothing to commit, in ms. */
const IDLE_POLL_MS = 250
/** Outputs of one transaction, about: large rows are committed before they fill the memory. */
const MAX_TURN_BYTES = 16 * 1_048_576

/** One membership of the group with one writer: from join to a stop, or to an error after which all begins anew. */
export class Session {
  readonly #options: SessionOptions
  readonly #steps: ReadonlyMap<string, DatasetStep>
  readonly #relations: RelationBook
  #turn = new Turn()
  #membership: Membership | undefined

  constructor(options: SessionOptions, steps: readonly DatasetStep[], relations: RelationBook) {
    this.#options = options
    this.#steps = new Map(steps.map(step => [step.rawTopic, step]))
    this.#relations = relations
  }

  /** Works until the signal fires (what is judged is committed then) or something fails. `progressed` after each commit. */
  async run(signal: AbortSignal, progressed: () => void): Promise<void> {
    const { pipeline, kafka, instance, compression } = this.#options
    const writer = await kafka.writer({
      name: `${pipeline.name}.validator.${instance}`,
      compression,
      maxRecordBytes: topicSizes(pipeline.limits).topics.dead,
    })
    try {
      await this.#describeMessages(writer)
      const consumer = await this.#join()
      try {
        await this.#work(consumer, writer, signal, progressed)
      } finally {
        await consumer.stop()
      }
    } finally {
      await writer.stop()
    }
  }

  /** Descriptors are in Kafka before the first record that needs them. */
  async #describeMessages(writer: FencedWriter): Promise<void> {
    const topic = this.#options.pipeline.topics.contracts
    const records = [...this.#steps.values()].map(({ schema }) => descriptorRecord(topic, schema))
    await writer.write({ records })
  }

  async #join(): Promise<GroupConsumer> {
    const { pipeline, kafka, instance, events, health, sessionTimeoutMs } = this.#options
    const startAll = (membership: Membership): void => {
      for (const [topic, partitions] of Object.entries(membership.assignment)) {
        for (const partition of partitions) consumer.startPartition(membership, topic, partition)
      }
    }
    const consumer: GroupConsumer = await kafka.consumer({
      groupId: validatorGroup(pipeline.name),
      topics: [...this.#steps.keys()],
      memberName: instance,
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
      handlers: {
        assigned: membership => {
          events.assigned(membership)
          this.#membership = membership
          this.#drop()
          startAll(membership)
          health.ready()
        },
        revoked: membership => {
          events.revoked(membership)
          // Kafka may be away for long: whoever is in no group does no work
          health.notReady('joining the group')
          this.#membership = undefined
          this.#drop()
        },
      },
    })
    return consumer
  }

  /** What was judged under a generation that is over is judged again from the committed offsets. */
  #drop(): void {
    this.#turn = new Turn()
    for (const step of this.#steps.values()) step.resetCounts()
  }

  async #work(
    consumer: GroupConsumer,
    writer: FencedWriter,
    signal: AbortSignal,
    progressed: () => void,
  ): Promise<void> {
    const { health, turn: limits, events } = this.#options
    const pace = new TransactionPace()
    while (!signal.aborted) {
      const left = limits.ms - this.#turn.age(performance.now())
      const batches = await consumer.poll({
        maxRecords: Math.max(1, limits.records - this.#turn.inputs),
        maxWaitMs: this.#turn.isEmpty ? IDLE_POLL_MS : pace.leftMs,
        signal,
      })
      health.turned()
      for (const batch of batches) await this.#judge(batch, signal)
      const drained = batches.length === 0 && pace.leftMs === 0
      const isFull = this.#turn.inputs >= limits.records || this.#turn.bytes >= MAX_TURN_BYTES
      if (!this.#turn.isEmpty && (drained || left <= 0 || isFull)) {
        pace.began()
        await this.#commit(writer)
        pace.ended()
        progressed()
      }
      events.lag(consumer.lag(), topic => this.#steps.get(topic)?.dataset ?? topic)
    }
    if (!this.#turn.isEmpty) await this.#commit(writer)
  }

  /** Judges a batch; outputs and offsets go to the turn that is open when it ends. */
  async #judge(batch: Batch, signal: AbortSignal): Promise<void> {
    const step = this.#steps.get(batch.topic)
    if (step === undefined || batch.membership !== this.#membership) return
    const turn = this.#turn
    const { topic, partition } = batch
    for (const record of batch.records) {
      const source = { topic, partition, record }
      for (
        let needed = step.take(source, turn.records);
        needed !== undefined;
        needed = step.take(source, turn.records)
      ) {
        await this.#relations.find(needed.needs, signal)
      }
    }
    // a rebalance while waiting for a relation has put another turn in place: this batch is void then
    if (turn === this.#turn) turn.add(batch, performance.now())
  }

  async #commit(writer: FencedWriter): Promise<void> {
    const { events, failpoints } = this.#options
    const turn = this.#turn
    const counts = [...this.#steps.values()].map(step => step.counts)
    const began = performance.now()
    failpoints('before-commit')
    this.#drop()
    try {
      await turn.commit(writer)
    } catch (error) {
      if (codeOf(error) !== 'kafka.fenced') throw error
      // the group moved on: nothing was written, the next assignment begins at the committed offsets
      events.fenced()
      await writer.recover()
      return
    }
    failpoints('after-commit')
    events.committed(counts, turn.age(performance.now()) / 1000, (performance.now() - began) / 1000)
  }
}

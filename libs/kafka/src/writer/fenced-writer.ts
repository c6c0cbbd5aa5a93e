import { HeadraceError } from '@headrace/errors'
import type { ClusterClient } from '../connect/cluster-client.ts'
import { kafkaError } from '../faults.ts'
import type { WriterOptions } from '../options.ts'
import { codecOf } from '../protocol/codecs.ts'
import type { FencedWriter, Membership, TransactionWork } from '../types.ts'
import { refuseTooLarge } from './chunks.ts'
import { type Hold, TransactionalId } from './transactional-id.ts'

const DEFAULTS = { transactionTimeoutMs: 10_000, compression: 'none', maxRecordBytes: 1_000_000 } as const

/** What only tests change. */
export interface WriterInternals {
  readonly endTxnPatienceMs?: number
  readonly hold?: Hold
}

/** The broker checks a membership's generation, not who owns a partition: that is checked here. */
const refuseForeign = (
  { assignment, generationId }: Membership,
  offsets: readonly { topic: string; partition: number }[],
): void => {
  for (const { topic, partition } of offsets) {
    if (assignment[topic]?.includes(partition) !== true) {
      throw new HeadraceError(
        'internal.bug',
        `offsets of ${topic}/${partition}, which is not assigned in generation ${generationId}`,
      )
    }
  }
}

/**
 * Two transactional ids in turn: after a commit the coordinator still writes markers and makes the same id wait, the
 * other one does not (06 E4).
 */
export class TwoIdWriter implements FencedWriter {
  readonly #client: ClusterClient
  readonly #name: string
  readonly #maxRecordBytes: number
  readonly #ids: readonly [TransactionalId, TransactionalId]
  #turn = 0
  #busy = false
  /** Nothing is committed after a failure until `recover` made both ids anew. */
  #failure: HeadraceError | undefined
  #stopped = false

  constructor(client: ClusterClient, options: WriterOptions, internals: WriterInternals = {}) {
    const { transactionTimeoutMs = DEFAULTS.transactionTimeoutMs, compression = DEFAULTS.compression } =
      options
    const { endTxnPatienceMs = transactionTimeoutMs, hold } = internals
    const codec = codecOf(compression)
    this.#client = client
    this.#name = options.name
    this.#maxRecordBytes = options.maxRecordBytes ?? DEFAULTS.maxRecordBytes
    const make = (n: number) =>
      new TransactionalId(client, {
        id: `${options.name}-${n}`,
        transactionTimeoutMs,
        codec,
        endTxnPatienceMs,
        ...(hold === undefined ? {} : { hold }),
      })
    this.#ids = [make(0), make(1)]
  }

  async start(): Promise<void> {
    await Promise.all(this.#ids.map(id => id.init()))
    this.#failure = undefined
  }

  async recover(): Promise<void> {
    if (this.#failure?.code === 'kafka.writer_fenced') throw this.#failure
    await this.#alone(() => this.start())
  }

  async write(work: TransactionWork): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (work.records.length === 0 && (work.from === undefined || work.from.offsets.length === 0)) {
      throw new HeadraceError('internal.bug', 'a transaction without records and offsets')
    }
    if (work.from !== undefined) refuseForeign(work.from.membership, work.from.offsets)
    refuseTooLarge(work.records, this.#maxRecordBytes)
    await this.#alone(() => this.#transact(work))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#failure ??= new HeadraceError('kafka.transaction_lost', 'not committed: the writer was stopped', {
      where: this.#name,
    })
    await this.#client.stop()
  }

  async #transact(work: TransactionWork): Promise<void> {
    const id = this.#ids[this.#turn++ % 2] as TransactionalId
    try {
      await id.prepare(work.records, work.from?.membership, work.from?.offsets ?? [])
    } catch (error) {
      throw await this.#abandon(id, error)
    }
    let answered: boolean
    try {
      answered = await id.end(true)
    } catch (error) {
      throw this.#lost(kafkaError(error, 'the end of the transaction was refused', this.#name))
    }
    if (!answered) throw this.#lost(undefined)
  }

  /** Aborts. A stale membership is the group's matter: the ids are good for the next generation. */
  async #abandon(id: TransactionalId, cause: unknown): Promise<HeadraceError> {
    const error = kafkaError(cause, 'the transaction was not committed', this.#name)
    if (error.code === 'kafka.writer_fenced') return this.#lost(error)
    const aborted = await id.end(false).catch(() => false)
    if (error.code === 'kafka.fenced' && aborted) return error
    const lost = this.#lost(error)
    return error.code === 'kafka.fenced' ? error : lost
  }

  #lost(error: HeadraceError | undefined): HeadraceError {
    this.#failure = asLost(error, this.#name)
    return this.#failure
  }

  async #alone(step: () => Promise<void>): Promise<void> {
    if (this.#busy)
      throw new HeadraceError('internal.bug', 'a transaction began before the last one had ended')
    if (this.#stopped && this.#failure !== undefined) throw this.#failure
    this.#busy = true
    try {
      await step()
    } finally {
      this.#busy = false
    }
  }
}

/** Errors that say more than "lost" stay themselves. */
const KEPT = new Set([
  'internal.bug',
  'kafka.broker_too_old',
  'kafka.record_too_large',
  'kafka.refused',
  'kafka.topic_missing',
  'kafka.writer_fenced',
])

const asLost = (error: HeadraceError | undefined, where: string): HeadraceError => {
  if (error !== undefined && KEPT.has(error.code)) return error
  const text =
    error === undefined
      ? 'outcome unknown: the broker did not answer the commit'
      : `not committed: ${error.message}`
  return new HeadraceError('kafka.transaction_lost', text, {
    where,
    ...(error === undefined ? {} : { cause: error }),
  })
}

import type { KafkaLog } from '../options.ts'

/** A broker that only starts again is not worth a word. */
const SILENT_MS = 3_000
const REPEAT_MS = 10_000

/** What is written while nobody answers, and what when somebody does. */
export const WAITING_FOR_KAFKA = 'waiting for Kafka: no broker answers'
export const KAFKA_ANSWERS = 'Kafka answers again'

/** Says that no broker answers, since when and with what error: after some seconds, and again. For all clients of a cluster. */
export class Reachability {
  readonly #brokers: string
  readonly #log: KafkaLog
  readonly #now: () => number
  #since: number | undefined
  #toldAt: number | undefined

  constructor(brokers: readonly string[], log: KafkaLog, now: () => number = Date.now) {
    this.#brokers = brokers.join(',')
    this.#log = log
    this.#now = now
  }

  failed(error: unknown): void {
    const now = this.#now()
    this.#since ??= now
    const quietSince = this.#toldAt ?? this.#since
    if (now - quietSince < (this.#toldAt === undefined ? SILENT_MS : REPEAT_MS)) return
    this.#toldAt = now
    this.#log('warn', WAITING_FOR_KAFKA, {
      brokers: this.#brokers,
      since: new Date(this.#since).toISOString(),
      error: error instanceof Error ? error.message : String(error),
    })
  }

  reached(): void {
    if (this.#since !== undefined && this.#toldAt !== undefined) {
      const seconds = Math.round((this.#now() - this.#since) / 1_000)
      this.#log('info', KAFKA_ANSWERS, { brokers: this.#brokers, seconds })
    }
    this.#since = undefined
    this.#toldAt = undefined
  }
}

import type { ConsumerHandlers } from './types.ts'

/** How to reach the brokers. */
export interface KafkaConnection {
  /** host:port of some brokers; the others are learned from them. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** `true`: the system's certificate authorities. Certificates are PEM texts. */
  readonly tls?: true | TlsOptions
  readonly sasl?: SaslOptions
  /** Time for an answer of a broker in ms, default 10,000. */
  readonly requestTimeoutMs?: number
  /** How long an operation is repeated before it fails with kafka.unreachable, default 30,000 ms. */
  readonly patienceMs?: number
  /** What the client notices, for the log. Never payloads. */
  readonly log?: KafkaLog
}

export interface TlsOptions {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** Name the certificate must carry, when it is not the host's. */
  readonly servername?: string
}

export interface SaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
  readonly username: string
  readonly password: string
}

export type KafkaLog = (
  level: 'debug' | 'info' | 'warn' | 'error',
  event: string,
  fields: Readonly<Record<string, string | number | boolean>>,
) => void

export type Compression = 'none' | 'lz4' | 'gzip'

export interface WriterOptions {
  /** Stable name of this process (06 E4): the transactional ids are `<name>-0` and `<name>-1`. The same name started again takes over. */
  readonly name: string
  /** After this time the broker aborts an open transaction, default 10,000 ms. */
  readonly transactionTimeoutMs?: number
  /** Default none. */
  readonly compression?: Compression
  /** Largest record (key + value + headers) in bytes, default 1,000,000. A bigger one: kafka.record_too_large, before anything is sent. */
  readonly maxRecordBytes?: number
}

export interface ConsumerOptions {
  readonly groupId: string
  /** All topics must have the same number of partitions: partition p of all of them goes to one member (06 E5). */
  readonly topics: readonly string[]
  /** Stable name of this member; it gets its old partitions back after a restart. */
  readonly memberName: string
  readonly handlers: ConsumerHandlers
  /** Default 10,000 ms. Heartbeats every fifth of it. */
  readonly sessionTimeoutMs?: number
  /** How long the group waits for its members to rejoin, default 30,000 ms. */
  readonly rebalanceTimeoutMs?: number
  readonly fetch?: FetchOptions
}

export interface FetchOptions {
  /** A broker with nothing new holds a fetch this long, default 100 ms. */
  readonly maxWaitMs?: number
  /** Default 1. */
  readonly minBytes?: number
  /** Per fetch, default 8 MiB. */
  readonly maxBytes?: number
  /** Per partition and fetch, default 1 MiB. */
  readonly maxBytesPerPartition?: number
  /** Fetched and not yet taken, default 32 MiB; nothing more is fetched beyond it. */
  readonly maxQueuedBytes?: number
}

export interface ReaderOptions {
  readonly fetch?: FetchOptions
}

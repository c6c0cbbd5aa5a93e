import { HeadraceError } from '@headrace/errors'
import { formatLsn } from '@headrace/wire'
import { postgresFault, readErrorResponse } from './faults.ts'
import { type RawConnection, takeOver } from './raw-connection.ts'
import {
  connectClient,
  describeAddress,
  type PostgresConnection,
  quoteIdentifier,
  quoteLiteral,
  run,
} from './session.ts'

const COPY_BOTH = 0x57
const COPY_DATA = 0x64
const COPY_DONE = 0x63
const ERROR_RESPONSE = 0x45
const KEEPALIVE = 0x6b
/** 2000-01-01 in ms since 1970: where Postgres counts from. */
const POSTGRES_EPOCH_MS = 946_684_800_000
/** Used when wal_sender_timeout is 0 (off). */
const FALLBACK_TIMEOUT_MS = 600_000

export interface ReplicationHandlers {
  /** One CopyData payload of type XLogData, `buffer[start, end)`; only lent. */
  data(buffer: Buffer, start: number, end: number): void
  /** All changes up to `walEnd` have been sent. */
  keepalive(walEnd: bigint, replyRequested: boolean): void
  /** A socket chunk is used up. */
  chunk(bytes: number): void
}

export interface ReplicationOptions {
  readonly connection: PostgresConnection
  readonly slot: string
  readonly publication: string
  /** Transactions that ended before it are not sent; also what is acknowledged at first. */
  readonly from: bigint
  /** Called when the slot is ours, before anything is handed on or acknowledged; the stream is given up when it throws. */
  readonly begun?: () => Promise<void>
  readonly handlers: ReplicationHandlers
}

/** A running START_REPLICATION. */
export interface ReplicationStream {
  /** Everything before `lsn` is safe: the server may forget it (03 C2). Sent at once and repeated by the timer. */
  acknowledge(lsn: bigint): void
  /** Stops reading; status updates go on (03 C4). */
  pause(): void
  resume(): void
  /** The connection broke, the server ended the stream, or a handler threw. Never resolves. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

const statusUpdate = (lsn: bigint, replyRequested: boolean): Buffer => {
  const message = Buffer.alloc(5 + 34)
  message[0] = COPY_DATA
  message.writeUInt32BE(38, 1)
  message[5] = 0x72
  for (const at of [6, 14, 22]) message.writeBigUInt64BE(lsn, at)
  message.writeBigInt64BE(BigInt(Date.now() - POSTGRES_EPOCH_MS) * 1000n, 30)
  message[38] = replyRequested ? 1 : 0
  return message
}

/** wal_sender_timeout of the session in ms, 0 = off. */
const senderTimeout = (setting: string): number => {
  const [, digits, unit] = /^(\d+)(ms|s|min|h|d)?$/.exec(setting) ?? []
  const factor = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? 'ms'] ?? 1
  return Number(digits ?? 0) * factor
}

/** Opens a walsender session and streams the slot: pgoutput, protocol 1, text. Resolves when the server has begun. */
export const openReplication = async (options: ReplicationOptions): Promise<ReplicationStream> => {
  const { connection, slot, publication, from } = options
  const client = await connectClient(connection, true)
  const [timeout] = await run(client, connection, 'SHOW wal_sender_timeout')
  const running = new RunningStream(options, senderTimeout(timeout?.['wal_sender_timeout'] ?? '0'))
  const raw = takeOver(client, running)
  await running.begin(
    raw,
    `START_REPLICATION SLOT ${quoteIdentifier(slot)} LOGICAL ${formatLsn(from)} ` +
      `(proto_version '1', publication_names ${quoteLiteral(quoteIdentifier(publication))})`,
  )
  try {
    await options.begun?.()
  } catch (error) {
    await running.stop()
    throw error
  }
  running.go()
  return running
}

class RunningStream implements ReplicationStream {
  readonly failed: Promise<never>
  readonly #options: ReplicationOptions
  readonly #timeoutMs: number
  readonly #where: string
  #fail: (error: HeadraceError) => void = () => undefined
  #began: { resolve(): void; reject(error: HeadraceError): void } | null = null
  #raw: RawConnection | null = null
  /** What came before `go`: frames that shared a chunk with the server's consent. */
  #held: Buffer[] | null = []
  #over = false
  #acknowledged: bigint
  #lastHeard = Date.now()
  #asked = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: ReplicationOptions, timeoutMs: number) {
    this.#options = options
    this.#timeoutMs = timeoutMs === 0 ? FALLBACK_TIMEOUT_MS : timeoutMs
    this.#where = `slot ${options.slot} at ${describeAddress(options.connection)}`
    this.#acknowledged = options.from
    this.failed = new Promise((_, reject) => (this.#fail = reject))
    this.failed.catch(() => undefined)
  }

  begin(raw: RawConnection, command: string): Promise<void> {
    this.#raw = raw
    return new Promise((resolve, reject) => {
      this.#began = { resolve, reject }
      raw.query(command)
    })
  }

  /** From here on what comes is handed on, and answered. */
  go(): void {
    const held = this.#held ?? []
    this.#held = null
    if (this.#over) return
    this.#raw?.write(statusUpdate(this.#acknowledged, false))
    // on a timer of its own: also while the consumer stands still (03 C4); often, since a process may be held up itself
    this.#timer = setInterval(() => this.#tick(), this.#timeoutMs * 0.25)
    this.resume()
    try {
      for (const data of held) this.#data(data, 0, data.length)
      this.chunk(held.reduce((sum, { length }) => sum + length, 0))
    } catch (error) {
      this.ended(error instanceof Error ? error : new Error(String(error)))
    }
  }

  acknowledge(lsn: bigint): void {
    if (lsn <= this.#acknowledged) return
    this.#acknowledged = lsn
    this.#raw?.write(statusUpdate(lsn, false))
  }

  pause(): void {
    this.#raw?.pause()
  }

  resume(): void {
    // what was held back by us is no silence of the peer
    this.#lastHeard = Date.now()
    this.#raw?.resume()
  }

  async stop(): Promise<void> {
    this.#over = true
    clearInterval(this.#timer)
    await this.#raw?.close()
  }

  frame = (type: number, buffer: Buffer, start: number, end: number): void => {
    if (type === COPY_DATA) {
      if (this.#held === null) this.#data(buffer, start, end)
      else this.#held.push(Buffer.from(buffer.subarray(start, end)))
    } else if (type === COPY_BOTH) this.#streaming()
    else if (type === ERROR_RESPONSE) this.ended(readErrorResponse(buffer, start, end))
    else if (type === COPY_DONE) this.ended(null)
  }

  chunk(bytes: number): void {
    this.#lastHeard = Date.now()
    this.#asked = false
    if (this.#held === null) this.#options.handlers.chunk(bytes)
  }

  ended(error: Error | null): void {
    this.#over = true
    clearInterval(this.#timer)
    void this.#raw?.close()
    const fault =
      error === null
        ? new HeadraceError('postgres.unreachable', 'the server ended the replication stream', {
            where: this.#where,
          })
        : postgresFault(error, 'streaming', this.#where)
    if (this.#began !== null) this.#began.reject(fault)
    this.#began = null
    this.#fail(fault)
  }

  #streaming(): void {
    this.#raw?.pause()
    this.#began?.resolve()
    this.#began = null
  }

  #data(buffer: Buffer, start: number, end: number): void {
    if (buffer[start] === KEEPALIVE) this.#keepalive(buffer, start)
    else this.#options.handlers.data(buffer, start, end)
  }

  #tick(): void {
    const silentMs = Date.now() - this.#lastHeard
    const paused = this.#raw?.paused === true
    if (!paused && this.#asked && silentMs > 2 * this.#timeoutMs) {
      const words = `nothing was heard for ${Math.round(silentMs / 1000)} s although an answer was asked for`
      return this.ended(new HeadraceError('postgres.unreachable', words, { where: this.#where }))
    }
    const ask = !paused && silentMs > this.#timeoutMs / 2
    if (ask) this.#asked = true
    this.#raw?.write(statusUpdate(this.#acknowledged, ask))
  }

  #keepalive(buffer: Buffer, at: number): void {
    const replyRequested = buffer[at + 17] === 1
    this.#options.handlers.keepalive(buffer.readBigUInt64BE(at + 1), replyRequested)
    if (replyRequested) this.#raw?.write(statusUpdate(this.#acknowledged, false))
  }
}

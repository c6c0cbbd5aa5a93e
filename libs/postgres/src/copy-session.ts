import { HeadraceError } from '@headrace/errors'
import { postgresFault, readErrorResponse } from './faults.ts'
import { holdTables } from './hold-tables.ts'
import { type RawConnection, takeOver } from './raw-connection.ts'
import {
  connectClient,
  describeAddress,
  interruptible,
  type PostgresConnection,
  quoteLiteral,
  run,
} from './session.ts'
import type { TableName } from './tables.ts'

const COPY_DATA = 0x64
const ERROR_RESPONSE = 0x45
const READY = 0x5a

/** Takes one row of COPY, `buffer[start, end)`; only lent, and may be changed. */
export type CopyRowHandler = (buffer: Buffer, start: number, end: number) => void

/** A session inside an exported snapshot that reads tables by COPY from the raw socket. */
export interface CopySession {
  /** Runs one `COPY ... TO STDOUT`; resolves after the last row. Not to be overlapped. */
  copy(sql: string, row: CopyRowHandler): Promise<void>
  /** Stops reading the socket: the server waits (03 C7). */
  pause(): void
  resume(): void
  stop(): void
}

export interface CopySessionOptions {
  readonly connection: PostgresConnection
  /** Name of the exported snapshot that all rows are read at. */
  readonly snapshot: string
  /** Held until the session ends, as pg_dump does: nobody rewrites, drops or truncates them meanwhile. */
  readonly tables: readonly TableName[]
  /** Whether to wait for who is changing one of them; otherwise postgres.refused. */
  readonly wait: boolean
  /** Ends the opening; the session itself is stopped by `stop`. */
  readonly signal?: AbortSignal
}

/**
 * Opens a read-only transaction at the snapshot, holds the tables, and takes the socket over. Throws capture.load_overtaken
 * when one of them was rewritten since.
 */
export const openCopySession = async (options: CopySessionOptions): Promise<CopySession> => {
  const { connection, snapshot, tables, wait, signal } = options
  const client = await connectClient(connection, false, signal)
  try {
    await interruptible(client, connection, signal, async () => {
      await run(client, connection, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
      await run(client, connection, `SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshot)}`)
      await holdTables(text => run(client, connection, text), tables, wait)
    })
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
  const session = new RunningCopySession(describeAddress(connection))
  session.raw = takeOver(client, session)
  return session
}

class RunningCopySession implements CopySession {
  raw: RawConnection | null = null
  readonly #where: string
  #row: CopyRowHandler = () => undefined
  #waiting: { resolve(): void; reject(error: HeadraceError): void } | null = null
  #error: Error | null = null
  #over: HeadraceError | null = null

  constructor(where: string) {
    this.#where = where
  }

  copy(sql: string, row: CopyRowHandler): Promise<void> {
    if (this.#over !== null) return Promise.reject(this.#over)
    this.#row = row
    this.#error = null
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.raw?.query(sql)
    })
  }

  pause(): void {
    this.raw?.pause()
  }

  resume(): void {
    this.raw?.resume()
  }

  stop(): void {
    void this.raw?.close()
    this.#finish(new HeadraceError('postgres.unreachable', 'the session was stopped', { where: this.#where }))
  }

  frame = (type: number, buffer: Buffer, start: number, end: number): void => {
    if (type === COPY_DATA) this.#row(buffer, start, end)
    else if (type === ERROR_RESPONSE) this.#error = readErrorResponse(buffer, start, end)
    else if (type === READY)
      this.#finish(this.#error === null ? null : postgresFault(this.#error, 'copying', this.#where))
  }

  chunk(): void {
    // rows are handed on one by one
  }

  ended(error: Error | null): void {
    // the server's last words tell more than the closed socket
    const cause = this.#error ?? error
    const over =
      cause === null
        ? new HeadraceError('postgres.unreachable', 'the server ended the connection', { where: this.#where })
        : postgresFault(cause, 'copying', this.#where)
    this.#over = over
    this.#finish(over)
  }

  #finish(error: HeadraceError | null): void {
    const waiting = this.#waiting
    this.#waiting = null
    if (error === null) waiting?.resolve()
    else waiting?.reject(error)
  }
}

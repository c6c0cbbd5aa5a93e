import type { Socket } from 'node:net'
import { HeadraceError } from '@headrace/errors'
import pg from 'pg'
import { postgresFault } from './faults.ts'

/** How to reach a database. */
export interface PostgresConnection {
  /** postgres://user:password@host:port/database; a secret. */
  readonly url: string
  /** Certificates as PEM texts; `true`: the system's authorities. Without it the URL's sslmode decides. */
  readonly tls?: true | { readonly ca?: string; readonly cert?: string; readonly key?: string }
  readonly applicationName?: string
  /** Default 10,000. */
  readonly connectTimeoutMs?: number
}

/**
 * Every session prints values alike (design 02 §2.3): keys and values are compared and kept as text. The rest keeps
 * server-side defaults from ending or blocking our sessions.
 */
export const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  search_path: '',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
}

/** Not every server knows them, and a start-up packet with an unknown setting is refused. */
const PIN_TIMEOUTS = `select pg_catalog.set_config(name, '0', false) from pg_catalog.pg_settings
  where name in ('transaction_timeout', 'idle_session_timeout')`

export type TextRow = Readonly<Record<string, string | null>>

/** An ordinary session with pinned settings. All values come as Postgres prints them. */
export interface PostgresSession {
  query(text: string, values?: readonly (string | number)[]): Promise<readonly TextRow[]>
  stop(): Promise<void>
}

const textTypes = { getTypeParser: () => (value: string | Buffer) => value.toString() }

/** host:port/database for messages: no user, no password. */
export const describeAddress = (connection: PostgresConnection): string => {
  try {
    const { hostname, port, pathname } = new URL(connection.url)
    return `${hostname}:${port === '' ? '5432' : port}${pathname}`
  } catch {
    return 'the given address'
  }
}

/** pg lets the address override the options we give: they are taken out of it. */
const withoutOptions = (text: string): { readonly url: string; readonly given: string } => {
  if (!/[?&]options=/.test(text)) return { url: text, given: '' }
  const url = new URL(text)
  const given = url.searchParams.get('options') ?? ''
  url.searchParams.delete('options')
  return { url: url.toString(), given }
}

/** A client's socket at the moment: TLS puts another in its place. */
export const socketOf = (client: pg.Client): Socket =>
  (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream

/**
 * pg's client, connected. `replication`: a walsender session. The signal ends the connecting alone. Errors after it are left
 * to who uses the client.
 */
export const connectClient = async (
  connection: PostgresConnection,
  replication: boolean,
  signal?: AbortSignal,
): Promise<pg.Client> => {
  if (!URL.canParse(connection.url)) {
    throw new HeadraceError('config.invalid', 'the address of the database is no URL', {
      hint: 'It has the form postgres://user:password@host:port/database.',
    })
  }
  const { url, given } = withoutOptions(connection.url)
  // later ones win: what is pinned stays pinned whatever the address says
  const options = [given, ...Object.entries(SESSION_SETTINGS).map(([name, value]) => `-c ${name}=${value}`)]
  const client = new pg.Client({
    connectionString: url,
    ...(connection.tls === undefined ? {} : { ssl: connection.tls === true ? true : { ...connection.tls } }),
    ...(replication ? { replication: 'database' } : {}),
    application_name: connection.applicationName ?? 'headrace',
    connectionTimeoutMillis: connection.connectTimeoutMs ?? 10_000,
    keepAlive: true,
    options: options.join(' ').trim(),
    types: textTypes,
  } as pg.ClientConfig)
  // a lost connection also fails whatever runs on it; this only keeps the process alive
  client.on('error', () => undefined)
  const giveUp = (): void => void socketOf(client).destroy()
  signal?.throwIfAborted()
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    await client.connect()
    await client.query(PIN_TIMEOUTS)
  } catch (error) {
    await client.end().catch(() => undefined)
    throw postgresFault(error, 'connecting', describeAddress(connection))
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
  return client
}

/** Opens a session. When the signal fires, its statement ends, and there is no other. */
export const connect = async (
  connection: PostgresConnection,
  signal?: AbortSignal,
): Promise<PostgresSession> => {
  const client = await connectClient(connection, false, signal)
  return {
    query: (text, values = []) =>
      interruptible(client, connection, signal, () => run(client, connection, text, values)),
    stop: () => client.end(),
  }
}

/** Statements that may wait for others. When the signal fires the client's session ends, here and at the server. */
export const interruptible = async <T>(
  client: pg.Client,
  connection: PostgresConnection,
  signal: AbortSignal | undefined,
  statements: () => Promise<T>,
): Promise<T> => {
  let ending: Promise<void> | undefined
  const interrupt = (): void => void (ending = endSession(client, connection))
  signal?.throwIfAborted()
  signal?.addEventListener('abort', interrupt, { once: true })
  try {
    return await statements()
  } finally {
    signal?.removeEventListener('abort', interrupt)
    await ending
  }
}

const END_SESSION_MS = 2_000

/** Who waits for a lock does not look at its socket: the server is told, if it can be. */
const endSession = async (client: pg.Client, connection: PostgresConnection): Promise<void> => {
  const { processID } = client as unknown as { readonly processID: number }
  try {
    const other = await connectClient({ ...connection, connectTimeoutMs: END_SESSION_MS }, false)
    await run(other, connection, 'select pg_catalog.pg_terminate_backend($1::int)', [processID])
    await other.end()
  } catch {
    // it is away, or full
  }
  socketOf(client).destroy()
}

/** One statement on a client of connectClient. */
export const run = async (
  client: pg.Client,
  connection: PostgresConnection,
  text: string,
  values: readonly (string | number)[] = [],
): Promise<readonly TextRow[]> => {
  try {
    // without values pg uses the simple protocol, which walsenders need
    const result =
      values.length === 0 ? await client.query<TextRow>(text) : await client.query<TextRow>(text, [...values])
    return result.rows
  } catch (error) {
    const words = text.trim().split(/\s+/).slice(0, 3).join(' ')
    throw postgresFault(error, `running ${words} ...`, describeAddress(connection))
  }
}

export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const quoteLiteral = (text: string): string =>
  text.includes('\\')
    ? ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`

export const quoteTable = (table: { readonly schema: string; readonly name: string }): string =>
  `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`

import { Pool, type QueryResultRow, types } from 'pg'
import { backends } from './backends.ts'
import { uniqueName } from './unique-name.ts'
import { waitFor } from './wait-for.ts'

export interface OpenDatabase {
  readonly pool: Pool
  /** Rows of one statement. Timestamps come as Postgres' own text, integers beyond 32 bits as strings. */
  query<Row extends QueryResultRow = QueryResultRow>(sql: string, params?: readonly unknown[]): Promise<Row[]>
  /** Closes our connections. */
  close(): Promise<void>
}

export interface TestDatabase extends Omit<OpenDatabase, 'close'> {
  readonly name: string
  readonly url: string
  /** Closes our connections, drops the replication slots of this database and the database, whoever is still in it. */
  drop(): Promise<void>
}

// pg turns these into Date objects: microseconds and the difference between infinity and NaN get lost
const asText = new Set<number>([types.builtins.DATE, types.builtins.TIMESTAMP, types.builtins.TIMESTAMPTZ])

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

const connect = (url: string, max: number): Pool => {
  const pool = new Pool({
    connectionString: url,
    max,
    // as the product's own sessions: what Postgres prints must not depend on this machine
    options: '-c TimeZone=UTC -c DateStyle=ISO',
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        asText.has(oid)
          ? (value: string) => value
          : types.getTypeParser(oid, format as 'text')) as typeof types.getTypeParser,
    },
  })
  // a connection that the server ends while idle (drop, kill tests) is not an error of the test
  pool.on('error', () => undefined)
  pool.on('connect', client => client.on('error', () => undefined))
  return pool
}

/**
 * Ends who reads from the slots, drops them, then the database: an active slot cannot be dropped, a database with slots
 * neither, and who is in it may be slow to leave.
 */
const dropDatabase = (admin: Pool, name: string): Promise<true> =>
  waitFor(
    async () => {
      await admin.query(
        'select pg_terminate_backend(active_pid) from pg_replication_slots where database = $1 and active',
        [name],
      )
      await admin.query(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1',
        [name],
      )
      await admin.query(`drop database if exists ${quoted(name)} with (force)`)
      return true
    },
    { what: `the database ${name} to be dropped`, everyMs: 50 },
  )

/** Connections to a database that is there. */
export const openDatabase = (url: string, connections = 10): OpenDatabase => {
  const pool = connect(url, connections)
  return {
    pool,
    query: async <Row extends QueryResultRow>(sql: string, params: readonly unknown[] = []): Promise<Row[]> =>
      (await pool.query<Row>(sql, [...params])).rows,
    close: () => pool.end(),
  }
}

/** An empty database with a name of its own on the Postgres of `backends()`. */
export const createDatabase = async (
  prefix = 'test',
  serverUrl: string = backends().postgresUrl,
): Promise<TestDatabase> => {
  const name = uniqueName(prefix, '_')
  const admin = connect(serverUrl, 1)
  await admin.query(`create database ${quoted(name)}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const { pool, query } = openDatabase(url.href)
  return {
    name,
    url: url.href,
    pool,
    query,
    drop: async () => {
      // not awaited: it would wait for ever for a client that a failed test did not give back
      void pool.end()
      await dropDatabase(admin, name)
      await admin.end()
    },
  }
}

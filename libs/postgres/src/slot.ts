import { HeadraceError } from '@headrace/errors'
import { parseLsn } from '@headrace/wire'
import { sqlStateOf } from './faults.ts'
import {
  connectClient,
  describeAddress,
  interruptible,
  type PostgresConnection,
  type PostgresSession,
  quoteIdentifier,
  run,
} from './session.ts'

const UNDEFINED_OBJECT = '42704'
const OBJECT_IN_USE = '55006'
const SYNTAX_ERROR = '42601'
const FEATURE_NOT_SUPPORTED = '0A000'

/** A replication slot as it stands. LSNs are of this database cluster. */
export interface SlotState {
  readonly plugin: string
  readonly database: string
  readonly active: boolean
  readonly activePid: number | null
  /** Up to where changes were acknowledged. */
  readonly confirmed: bigint | null
  /** Oldest WAL it still needs. */
  readonly restart: bigint | null
  /** reserved, extended, unreserved or lost. */
  readonly walStatus: string
  /** Bytes that may still be written before it is in danger; null: no limit. */
  readonly safeWalSize: number | null
}

const lsnOrNull = (text: string | null | undefined): bigint | null => (text == null ? null : parseLsn(text))

/** The slot, null when there is none. */
export const readSlot = async (session: PostgresSession, slot: string): Promise<SlotState | null> => {
  const [row] = await session.query(
    `select plugin, database, active, active_pid, confirmed_flush_lsn, restart_lsn, wal_status, safe_wal_size
     from pg_catalog.pg_replication_slots where slot_name = $1`,
    [slot],
  )
  if (row === undefined) return null
  return {
    plugin: row['plugin'] ?? '',
    database: row['database'] ?? '',
    active: row['active'] === 't',
    activePid: row['active_pid'] == null ? null : Number(row['active_pid']),
    confirmed: lsnOrNull(row['confirmed_flush_lsn']),
    restart: lsnOrNull(row['restart_lsn']),
    walStatus: row['wal_status'] ?? 'lost',
    safeWalSize: row['safe_wal_size'] == null ? null : Number(row['safe_wal_size']),
  }
}

/** Where the server's WAL ends now. */
export const readWalEnd = async (session: PostgresSession): Promise<bigint> => {
  const [row] = await session.query('select pg_catalog.pg_current_wal_lsn() as lsn')
  return parseLsn(row?.['lsn'] ?? '0/0')
}

/** What tells one history of a source from another (03 C1). */
export interface SourceIdentity {
  readonly systemIdentifier: string
  readonly timeline: number
}

/** Through a walsender session: the role needs no more than REPLICATION. */
export const readIdentity = async (connection: PostgresConnection): Promise<SourceIdentity> => {
  const client = await connectClient(connection, true)
  try {
    const [row] = await run(client, connection, 'IDENTIFY_SYSTEM')
    return { systemIdentifier: row?.['systemid'] ?? '', timeline: Number(row?.['timeline'] ?? 0) }
  } finally {
    await client.end()
  }
}

/** Where the history of `now` left `timeline`: what lies behind it was rewritten. Null: `timeline` is not in that history. */
export const readTimelineEnd = async (
  connection: PostgresConnection,
  timeline: number,
  now: number,
): Promise<bigint | null> => {
  const client = await connectClient(connection, true)
  try {
    const [row] = await run(client, connection, `TIMELINE_HISTORY ${now}`)
    const history = Buffer.from((row?.['content'] ?? '').replace(/^\\x/, ''), 'hex').toString()
    const text = row?.['content']?.startsWith('\\x') === true ? history : (row?.['content'] ?? '')
    const line = text
      .split('\n')
      .map(each => each.split('\t'))
      .find(([id]) => Number(id) === timeline)
    return line?.[1] === undefined ? null : parseLsn(line[1])
  } finally {
    await client.end()
  }
}

/** Ends the session that holds the slot, if any: who calls this owns the slot by Kafka's fence. */
export const releaseSlot = async (session: PostgresSession, slot: string): Promise<void> => {
  const deadline = Date.now() + 30_000
  for (;;) {
    const state = await readSlot(session, slot)
    if (state === null || state.activePid === null) return
    if (Date.now() > deadline) {
      throw new HeadraceError(
        'postgres.unreachable',
        `the session ${state.activePid} does not let go of the slot`,
        { where: `slot ${slot}` },
      )
    }
    await session.query('select pg_catalog.pg_terminate_backend($1::int)', [state.activePid])
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

/** Drops the slot, whoever holds it; nothing happens when there is none. */
export const dropSlot = async (session: PostgresSession, slot: string): Promise<void> => {
  for (let attempt = 0; ; attempt += 1) {
    await releaseSlot(session, slot)
    try {
      await session.query('select pg_catalog.pg_drop_replication_slot($1::name)', [slot])
      return
    } catch (error) {
      if (sqlStateOf(error) === UNDEFINED_OBJECT) return
      if (sqlStateOf(error) !== OBJECT_IN_USE || attempt >= 10) throw error
    }
  }
}

/** A new slot, and the snapshot of exactly what lies before its first change. */
export interface CreatedSlot {
  /** Transactions whose commit record begins here or later are streamed; all others are in the snapshot. */
  readonly consistentLsn: bigint
  readonly snapshot: string
  /** Ends the session that holds the snapshot; transactions that imported it go on. */
  release(): Promise<void>
}

/**
 * Makes the slot (with FAILOVER where the server knows it) and exports its snapshot (03 C12). Waits for older transactions to
 * end, or until the signal fires.
 */
export const createSlot = async (
  connection: PostgresConnection,
  slot: string,
  signal?: AbortSignal,
): Promise<CreatedSlot> => {
  const client = await connectClient(connection, true, signal)
  try {
    const create = `CREATE_REPLICATION_SLOT ${quoteIdentifier(slot)} LOGICAL pgoutput`
    const [row] = await interruptible(client, connection, signal, () =>
      run(client, connection, `${create} (SNAPSHOT 'export', FAILOVER true)`).catch((error: unknown) => {
        if (![SYNTAX_ERROR, FEATURE_NOT_SUPPORTED].includes(sqlStateOf(error))) throw error
        return run(client, connection, `${create} EXPORT_SNAPSHOT`)
      }),
    )
    const point = row?.['consistent_point']
    const snapshot = row?.['snapshot_name']
    if (point == null || snapshot == null) {
      throw new HeadraceError('internal.bug', 'CREATE_REPLICATION_SLOT gave no snapshot', {
        where: describeAddress(connection),
      })
    }
    return { consistentLsn: parseLsn(point), snapshot, release: () => client.end() }
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

/** Moves the WAL of an idle or filtered database on, so that the slot can follow (03 C5). */
export const emitHeartbeat = async (session: PostgresSession): Promise<void> => {
  await session.query(`select pg_catalog.pg_logical_emit_message(false, 'headrace.heartbeat', '')`)
}

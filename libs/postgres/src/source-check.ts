import { HeadraceError } from '@headrace/errors'
import { describeReplicaIdentity, keyProblems } from './key-check.ts'
import {
  addTablesSql,
  createPublicationSql,
  preparePublication,
  type PublishedTable,
  readPublication,
  sameTable,
} from './publication.ts'
import {
  connect,
  type PostgresConnection,
  type PostgresSession,
  quoteIdentifier,
  quoteTable,
} from './session.ts'
import { readSlot } from './slot.ts'
import { readTables, type TableInfo, type TableName } from './tables.ts'

export interface WishedTable extends TableName {
  readonly keyColumns: readonly string[]
  /** Old rows must be in the WAL as a whole (03 C9). */
  readonly fullIdentity?: boolean
}

/** What capture needs of a database. */
export interface SourceWish {
  readonly slot: string
  readonly publication: string
  readonly tables: readonly WishedTable[]
}

/** One thing that is missing. */
export interface SourceProblem {
  readonly what: string
  /** Statements that mend it; '' when it is not mended by SQL. */
  readonly sql: string
}

/** Everything that is missing for capture, in one list (03 C15). Changes nothing. */
export const checkSource = async (
  connection: PostgresConnection,
  wish: SourceWish,
): Promise<readonly SourceProblem[]> => {
  const session = await connect(connection)
  try {
    return await problemsOf(session, wish)
  } finally {
    await session.stop()
  }
}

/** The same on an open session. */
export const problemsOf = async (
  session: PostgresSession,
  wish: SourceWish,
): Promise<readonly SourceProblem[]> => {
  const tables = await readTables(session, wish.tables)
  return [
    ...(await serverProblems(session, wish)),
    ...wish.tables.flatMap(table =>
      tableProblems(
        table,
        tables.find(found => sameTable(found, table)),
      ),
    ),
    ...(await publicationProblems(session, wish)),
  ]
}

/** The list of what is missing as an error; nothing happens when nothing is. */
export const requireFit = (source: string, problems: readonly SourceProblem[]): void => {
  if (problems.length === 0) return
  const lines = problems.map(({ what, sql }) => (sql === '' ? `  - ${what}` : `  - ${what}\n      ${sql};`))
  throw new HeadraceError(
    'capture.source_unfit',
    `the source lacks ${problems.length} thing${problems.length > 1 ? 's' : ''}\n${lines.join('\n')}`,
    { where: `source ${source}` },
  )
}

/**
 * Sets up what `checkSource` misses and one may set up without asking: the publication, and full replica identity where
 * the pipeline asks for it. Gives the statements that were run.
 */
export const prepareSource = async (
  connection: PostgresConnection,
  wish: SourceWish,
): Promise<readonly string[]> => {
  const session = await connect(connection)
  try {
    const statements = await preparePublication(session, wish.publication, wish.tables)
    return [...statements, ...(await prepareIdentities(session, wish.tables))]
  } finally {
    await session.stop()
  }
}

const fullIdentitySql = (table: TableName): string => `ALTER TABLE ${quoteTable(table)} REPLICA IDENTITY FULL`

const prepareIdentities = async (
  session: PostgresSession,
  wished: readonly WishedTable[],
): Promise<readonly string[]> => {
  const infos = await readTables(session, wished)
  const lacking = infos.filter(
    info =>
      info.replicaIdentity !== 'f' &&
      wished.some(table => sameTable(table, info) && table.fullIdentity === true),
  )
  const statements = lacking.map(fullIdentitySql)
  for (const sql of statements) await session.query(sql)
  return statements
}

const SERVER = `
select pg_catalog.current_setting('wal_level') as wal_level, pg_catalog.current_setting('max_replication_slots')::int as max_slots,
  pg_catalog.current_setting('max_wal_senders')::int as max_senders, current_user as role,
  (select rolreplication or rolsuper from pg_catalog.pg_roles where rolname = current_user) as may_replicate,
  (select count(*) from pg_catalog.pg_replication_slots) as slots,
  (select count(*) from pg_catalog.pg_stat_replication) as senders, pg_catalog.pg_is_in_recovery() as standby`

const serverProblems = async (
  session: PostgresSession,
  wish: SourceWish,
): Promise<readonly SourceProblem[]> => {
  const [server] = await session.query(SERVER)
  const slot = await readSlot(session, wish.slot)
  const number = (name: string): number => Number(server?.[name] ?? 0)
  const problems: SourceProblem[] = []
  if (server?.['wal_level'] !== 'logical') {
    problems.push({
      what: `wal_level is ${server?.['wal_level'] ?? 'unknown'}; it must be logical (needs a restart)`,
      sql: `ALTER SYSTEM SET wal_level = 'logical'`,
    })
  }
  if (server?.['may_replicate'] !== 't') {
    const role = server?.['role'] ?? 'current_user'
    problems.push({
      what: `the role ${role} may not replicate`,
      sql: `ALTER ROLE ${quoteIdentifier(role)} REPLICATION`,
    })
  }
  if (slot === null && number('slots') >= number('max_slots')) {
    problems.push({
      what: `all ${number('max_slots')} replication slots are taken (needs a restart)`,
      sql: `ALTER SYSTEM SET max_replication_slots = ${number('max_slots') + 10}`,
    })
  }
  // one sender for the stream; while loading, one holds the snapshot
  if (slot?.active !== true && number('senders') >= number('max_senders')) {
    problems.push({
      what: `all ${number('max_senders')} WAL senders are taken (needs a restart)`,
      sql: `ALTER SYSTEM SET max_wal_senders = ${number('max_senders') + 10}`,
    })
  }
  if (server?.['standby'] === 't')
    problems.push({ what: 'the server is a standby; capture needs the primary', sql: '' })
  return problems
}

const tableProblems = (wish: WishedTable, table: TableInfo | undefined): readonly SourceProblem[] => {
  const name = quoteTable(wish)
  if (table === undefined) return [{ what: `the table ${name} does not exist`, sql: '' }]
  const problems: SourceProblem[] = []
  if (table.kind !== 'r' && table.kind !== 'p') problems.push({ what: `${name} is no table`, sql: '' })
  if (table.persistence !== 'p') {
    problems.push({
      what: `${name} is not in the WAL (unlogged or temporary)`,
      sql: `ALTER TABLE ${name} SET LOGGED`,
    })
  }
  if (!table.readable)
    problems.push({ what: `${name} may not be read`, sql: `GRANT SELECT ON ${name} TO current_user` })
  problems.push(...keyProblems(name, wish.keyColumns, table))
  if (wish.fullIdentity === true && table.replicaIdentity !== 'f') {
    problems.push({
      what: `the pipeline says toast: full for ${name}, whose replica identity is ${describeReplicaIdentity(table)}`,
      sql: fullIdentitySql(wish),
    })
  } else if (!wish.keyColumns.every(column => table.identity.includes(column))) {
    problems.push({
      what: `the replica identity of ${name} (${describeReplicaIdentity(table)}) does not contain its key`,
      sql: `ALTER TABLE ${name} REPLICA IDENTITY ${table.primaryKey.length > 0 && !table.primaryKeyDeferrable ? 'DEFAULT' : 'FULL'}`,
    })
  }
  return problems
}

const publicationProblems = async (
  session: PostgresSession,
  wish: SourceWish,
): Promise<readonly SourceProblem[]> => {
  const state = await readPublication(session, wish.publication)
  const name = quoteIdentifier(wish.publication)
  if (state === null) {
    return [
      {
        what: `the publication ${name} does not exist`,
        sql: createPublicationSql(wish.publication, wish.tables),
      },
    ]
  }
  const problems: SourceProblem[] = []
  const missing = wish.tables.filter(table => !state.tables.some(published => sameTable(published, table)))
  if (missing.length > 0) {
    problems.push({
      what: `the publication ${name} lacks ${missing.map(quoteTable).join(', ')}`,
      sql: addTablesSql(wish.publication, missing),
    })
  }
  const kept = ['insert', 'update', 'delete', 'truncate'].filter(
    operation => !state.operations.includes(operation),
  )
  if (kept.length > 0) {
    problems.push({
      what: `the publication ${name} leaves out ${kept.join(', ')}`,
      sql: `ALTER PUBLICATION ${name} SET (publish = 'insert, update, delete, truncate')`,
    })
  }
  if (!state.viaRoot) {
    problems.push({
      what: `the publication ${name} names partitions instead of their root`,
      sql: `ALTER PUBLICATION ${name} SET (publish_via_partition_root = true)`,
    })
  }
  return [...problems, ...columnProblems(wish, state.tables)]
}

const columnProblems = (wish: SourceWish, published: readonly PublishedTable[]): readonly SourceProblem[] =>
  wish.tables.flatMap(table => {
    const columns = published.find(found => sameTable(found, table))?.columns
    const missing = columns == null ? [] : table.keyColumns.filter(column => !columns.includes(column))
    return missing.map(column => ({
      what: `the publication does not carry the key column "${column}" of ${quoteTable(table)}`,
      sql: '',
    }))
  })

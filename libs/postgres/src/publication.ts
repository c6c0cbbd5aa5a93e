import { type PostgresSession, quoteIdentifier, quoteTable } from './session.ts'
import type { TableName } from './tables.ts'

export interface PublishedTable extends TableName {
  /** Published columns in the table's order; null: the server does not tell (before 15), all but generated ones. */
  readonly columns: readonly string[] | null
  /** Rows that are published, as SQL. */
  readonly filter: string | null
}

export interface PublicationState {
  readonly operations: readonly string[]
  readonly viaRoot: boolean
  readonly tables: readonly PublishedTable[]
}

/** A publication as it stands, null when there is none. */
export const readPublication = async (
  session: PostgresSession,
  name: string,
): Promise<PublicationState | null> => {
  const [publication] = await session.query(
    `select pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot from pg_catalog.pg_publication where pubname = $1`,
    [name],
  )
  if (publication === undefined) return null
  // older servers lack the columns that are read through json here
  const rows = await session.query(
    `select schemaname, tablename, to_jsonb(t)->'attnames' as columns, to_jsonb(t)->>'rowfilter' as filter
     from pg_catalog.pg_publication_tables t where pubname = $1`,
    [name],
  )
  return {
    operations: ['insert', 'update', 'delete', 'truncate'].filter(
      operation => publication[`pub${operation}`] === 't',
    ),
    viaRoot: publication['pubviaroot'] === 't',
    tables: rows.map(row => ({
      schema: row['schemaname'] ?? '',
      name: row['tablename'] ?? '',
      columns: row['columns'] == null ? null : (JSON.parse(row['columns']) as readonly string[]),
      filter: row['filter'] ?? null,
    })),
  }
}

export const createPublicationSql = (name: string, tables: readonly TableName[]): string =>
  `CREATE PUBLICATION ${quoteIdentifier(name)} FOR TABLE ${tables.map(quoteTable).join(', ')} WITH (publish_via_partition_root = true)`

export const addTablesSql = (name: string, tables: readonly TableName[]): string =>
  `ALTER PUBLICATION ${quoteIdentifier(name)} ADD TABLE ${tables.map(quoteTable).join(', ')}`

export const sameTable = (one: TableName, other: TableName): boolean =>
  one.schema === other.schema && one.name === other.name

/** Makes the publication, or adds the tables it lacks. Gives the statements that were run. */
export const preparePublication = async (
  session: PostgresSession,
  name: string,
  tables: readonly TableName[],
): Promise<readonly string[]> => {
  const state = await readPublication(session, name)
  const missing = tables.filter(
    table => state?.tables.some(published => sameTable(published, table)) !== true,
  )
  if (missing.length === 0) return []
  const sql = state === null ? createPublicationSql(name, tables) : addTablesSql(name, missing)
  await session.query(sql)
  return [sql]
}

import { fingerprintOf, type RelationTracker } from '@headrace/changes'
import { HeadraceError } from '@headrace/errors'
import {
  type Heap,
  type PostgresSession,
  type PublishedTable,
  quoteIdentifier,
  quoteTable,
  readHeaps,
  readPublication,
  readTables,
  sameTable,
  sqlStateOf,
  type TableInfo,
} from '@headrace/postgres'
import type { RelationDescription } from '@headrace/wire'
import type { SourceTable } from '../adapters/captured-table.ts'
import type { Delivery } from './delivery.ts'
import type { LoadTable } from './first-load.ts'

/** Blocks of one COPY: 32 MB of 8 kB blocks. */
export const CHUNK_BLOCKS = 4_096

/** The columns that rows have, in the stream and in the snapshot alike. */
export const publishedColumns = (table: TableInfo, published: PublishedTable): readonly string[] =>
  table.columns
    .filter(column =>
      published.columns === null ? !column.generated : published.columns.includes(column.name),
    )
    .map(column => column.name)

/** The same description that the stream's Relation message would give now. */
export const describeTable = (table: TableInfo, columns: readonly string[]): RelationDescription => {
  const described = {
    schema: table.schema,
    table: table.name,
    oid: table.oid,
    replicaIdentity: table.replicaIdentity,
    columns: columns.map(name => {
      const { typeOid, typeModifier } = table.columns.find(column => column.name === name)!
      return { name, typeOid, typeModifier, key: table.identity.includes(name) }
    }),
  }
  return { fingerprint: fingerprintOf(described), ...described }
}

/** The statements that read one heap: ranges of blocks, the last one open, so that no block is left out (03 C12). */
export const copyStatements = (
  heap: Heap,
  columns: readonly string[],
  filter: string | null,
): readonly string[] => {
  const list = columns.map(quoteIdentifier).join(', ')
  const chunks = Math.max(1, Math.ceil(heap.blocks / CHUNK_BLOCKS))
  return Array.from({ length: chunks }, (_, chunk) => {
    const from = `ctid >= '(${chunk * CHUNK_BLOCKS},0)'`
    const to = chunk === chunks - 1 ? '' : ` AND ctid < '(${(chunk + 1) * CHUNK_BLOCKS},0)'`
    const where = filter === null ? '' : ` AND (${filter})`
    return `COPY (SELECT ${list} FROM ONLY ${quoteTable(heap)} WHERE ${from}${to}${where}) TO STDOUT`
  })
}

/** lock_not_available */
const LOCK_TIMEOUT = '55P03'

/**
 * Some functions of the catalogue lock the table they tell of. While the load holds it, only one who himself waits for the hold
 * is in the way: two that wait for each other, and the server sees but one of them (03 C12f).
 */
const withoutWaiting = async <T>(session: PostgresSession, look: () => Promise<T>): Promise<T> => {
  await session.query(`SET lock_timeout = '1s'`)
  const seen = await look().catch((error: unknown) => {
    if (sqlStateOf(error) !== LOCK_TIMEOUT) throw error
    throw new HeadraceError(
      'capture.load_overtaken',
      'somebody waits to change a table while the first load is planned: it lets go of the tables',
    )
  })
  await session.query('SET lock_timeout = 0')
  return seen
}

/** The held tables as the catalogue has them now, entered in the progress. */
export const planLoad = (
  session: PostgresSession,
  source: { readonly name: string; readonly publication: string },
  tables: readonly SourceTable[],
  running: { readonly delivery: Delivery; readonly relations: RelationTracker<SourceTable> },
): Promise<readonly LoadTable[]> =>
  withoutWaiting(session, () => lookAtTables(session, source, tables, running))

const lookAtTables = async (
  session: PostgresSession,
  source: { readonly name: string; readonly publication: string },
  tables: readonly SourceTable[],
  { delivery, relations }: { readonly delivery: Delivery; readonly relations: RelationTracker<SourceTable> },
): Promise<readonly LoadTable[]> => {
  const infos = await readTables(session, tables)
  const publication = await readPublication(session, source.publication)
  const planned: LoadTable[] = []
  for (const table of tables) {
    const info = infos.find(found => sameTable(found, table))
    const published = publication?.tables.find(found => sameTable(found, table))
    if (info === undefined || published === undefined) {
      throw new HeadraceError(
        'capture.source_unfit',
        `the table ${table.label} went away or left the publication`,
        { where: `source ${source.name}` },
      )
    }
    const columns = publishedColumns(info, published)
    const relation = relations.describe(describeTable(info, columns))
    planned.push({ relation, heaps: await readHeaps(session, info.oid), columns, filter: published.filter })
    delivery.progress.tables.push({
      table: table.label,
      dataset: table.dataset,
      rowsDone: 0n,
      rowsEstimated: BigInt(info.estimatedRows),
      finished: false,
    })
  }
  return planned
}

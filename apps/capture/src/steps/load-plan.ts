import { fingerprintOf } from '@headrace/changes'
import {
  type Heap,
  type PublishedTable,
  quoteIdentifier,
  quoteTable,
  type TableInfo,
} from '@headrace/postgres'
import type { RelationDescription } from '@headrace/wire'

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

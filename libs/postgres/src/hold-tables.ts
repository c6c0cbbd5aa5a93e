import { HeadraceError } from '@headrace/errors'
import { quoteLiteral, quoteTable, type TextRow } from './session.ts'
import type { TableName } from './tables.ts'

const rewritten = (tables: readonly TableName[]): string => `
with recursive heap(oid) as (
  select c.oid from json_to_recordset(${quoteLiteral(JSON.stringify(tables.map(({ schema, name }) => ({ schema, name }))))}::json) as w(schema text, name text)
  join pg_catalog.pg_namespace n on n.nspname = w.schema
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
  union all
  select i.inhrelid from heap join pg_catalog.pg_inherits i on i.inhparent = heap.oid
)
select distinct n.nspname || '.' || c.relname as table
from heap join pg_catalog.pg_class c on c.oid = heap.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relfilenode <> 0 and pg_catalog.pg_relation_filenode(c.oid) is distinct from c.relfilenode
order by 1`

/**
 * Holds the tables for the rest of a transaction that reads at a snapshot. A table that was rewritten after the snapshot looks
 * empty to it (PostgreSQL manual, 13.6 "Caveats"); the file that the snapshot sees tells it. Without `wait` whoever is changing
 * a table, or waits for that, makes this fail: two sessions that hold tables must never wait for each other's hold.
 */
export const holdTables = async (
  query: (text: string) => Promise<readonly TextRow[]>,
  tables: readonly TableName[],
  wait: boolean,
): Promise<void> => {
  if (tables.length === 0) return
  await query(`LOCK TABLE ${tables.map(quoteTable).join(', ')} IN ACCESS SHARE MODE${wait ? '' : ' NOWAIT'}`)
  const found = (await query(rewritten(tables))).map(row => row['table'])
  if (found.length === 0) return
  throw new HeadraceError(
    'capture.load_overtaken',
    `rewritten since the first load's snapshot was taken: ${found.join(', ')}`,
  )
}

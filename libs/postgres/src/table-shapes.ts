import type { ColumnShape, EnumLabel, HeapShape, TableShape } from '@headrace/wire'
import type { PostgresSession } from './session.ts'
import type { TableName } from './tables.ts'

/**
 * A partition's system columns (-6 is tableoid) are written with the table and never again, pg_inherits when it becomes a
 * partition: other transactions mean that it, or what it is a part of, was attached. (pg_partition_tree would look past
 * the statement's snapshot and show a partition whose row in pg_inherits is not seen yet.) Values from before a column are
 * noted where the rows are: a partitioned table has none itself. A column that is not published has no type (0): no row has it.
 */
const SHAPES = `
with wanted as (
  select * from json_to_recordset($1::json) as w(schema text, name text)
), published as (
  select schemaname, tablename, to_jsonb(t)->'attnames' as columns, to_jsonb(t)->>'rowfilter' as filter
  from pg_catalog.pg_publication_tables t where pubname = $2
)
select n.nspname || '.' || c.relname as table, c.oid, coalesce(p.filter, '') as filter,
  (select coalesce(json_agg(json_build_object('number', a.attnum, 'name', a.attname,
      'typeOid', case when published.sent then a.atttypid::bigint else 0 end, 'typeModifier', a.atttypmod,
      'type', case when published.sent then pg_catalog.format_type(a.atttypid, a.atttypmod) else '' end,
      'hasDefault', a.atthasdef or a.attidentity <> '',
      'hasMissing', published.sent and exists (select from pg_catalog.pg_attribute m
         where m.attrelid = any(held.oids) and m.attname = a.attname and m.atthasmissing),
      'generated', case when published.sent and a.attgenerated <> '' then coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') else '' end
    ) order by a.attnum), '[]')
   from pg_catalog.pg_attribute a left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   cross join lateral (select coalesce(p.columns ? a.attname::text, a.attgenerated = '')) published(sent)
   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(json_agg(json_build_object('oid', e.oid::bigint, 'type', e.enumtypid::pg_catalog.regtype::text, 'label', e.enumlabel) order by e.oid), '[]')
   from pg_catalog.pg_enum e where e.enumtypid in (
     select unnest(array[t.oid, t.typelem, t.typbasetype]) from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)) as labels,
  held.heaps
from wanted w
join pg_catalog.pg_namespace n on n.nspname = w.schema
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
join published p on p.schemaname = n.nspname and p.tablename = c.relname
cross join lateral (
  with recursive heap(oid, attached) as (
    select c.oid, false
    union all
    select i.inhrelid, heap.attached or i.xmin::text <> made.xmin::text
    from heap join pg_catalog.pg_inherits i on i.inhparent = heap.oid and c.relkind = 'p'
    join pg_catalog.pg_attribute made on made.attrelid = i.inhrelid and made.attnum = -6
  )
  select array_agg(h.oid) as oids, json_agg(json_build_object('oid', h.oid::bigint, 'name', hn.nspname || '.' || h.relname,
     'fileNode', h.relfilenode::bigint, 'filled', coalesce(pg_catalog.pg_relation_size(h.oid), 0) > 0,
     'attached', heap.attached) order by h.oid) as heaps
  from heap join pg_catalog.pg_class h on h.oid = heap.oid
  join pg_catalog.pg_namespace hn on hn.oid = h.relnamespace
) held
order by 1`

const parse = <T>(json: string | null | undefined): T[] => JSON.parse(json ?? '[]') as T[]

/** What the catalogue says now about published tables beyond their descriptions (03 C8); others are left out. */
export const readTableShapes = async (
  session: PostgresSession,
  publication: string,
  tables: readonly TableName[],
): Promise<readonly TableShape[]> => {
  const names = JSON.stringify(tables.map(({ schema, name }) => ({ schema, name })))
  const rows = await session.query(SHAPES, [names, publication])
  return rows.map(row => ({
    table: row['table'] ?? '',
    oid: Number(row['oid']),
    rowFilter: row['filter'] ?? '',
    columns: parse<ColumnShape>(row['columns']),
    labels: parse<EnumLabel>(row['labels']),
    heaps: parse<HeapShape>(row['heaps']),
  }))
}

import type { PostgresSession } from './session.ts'
import { readTables, type TableInfo, type TableName } from './tables.ts'

export interface ForeignKey {
  readonly columns: readonly string[]
  readonly to: TableName
  /** Columns of `to`, in the order of `columns`. */
  readonly toColumns: readonly string[]
}

/** A table with what people wrote about it. */
export interface DescribedTable extends TableInfo {
  readonly comment: string | undefined
  /** By column. */
  readonly comments: ReadonlyMap<string, string>
  readonly foreignKeys: readonly ForeignKey[]
}

export interface TableCatalogue {
  readonly database: string
  /** Tables, partitioned tables and what else was asked for by name, by schema and name. */
  readonly tables: readonly DescribedTable[]
  /** Relations of the schemas that are no tables: views, foreign tables. */
  readonly others: readonly (TableName & { readonly kind: string })[]
  /** Schemas that were asked for and are not there. */
  readonly missingSchemas: readonly string[]
}

const RELATIONS = `
select n.nspname as schema, c.relname as name, c.relkind as kind
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname in (select json_array_elements_text($1::json))
  and c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
  and not exists (select from pg_catalog.pg_depend d where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by n.nspname collate "C", c.relname collate "C"`

const SCHEMAS = `
select pg_catalog.current_database() as database,
  (select json_agg(w.name) from json_array_elements_text($1::json) w(name)
   where not exists (select from pg_catalog.pg_namespace n where n.nspname = w.name)) as missing`

const DESCRIPTIONS = `
select c.oid, pg_catalog.obj_description(c.oid, 'pg_class') as comment,
  (select json_object_agg(a.attname, d.description) from pg_catalog.pg_attribute a
     join pg_catalog.pg_description d on d.classoid = 'pg_catalog.pg_class'::regclass and d.objoid = c.oid and d.objsubid = a.attnum
   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as comments,
  (select json_agg(json_build_object(
      'columns', (select json_agg(a.attname order by k.position) from unnest(f.conkey) with ordinality k(attnum, position)
         join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum),
      'to', (select json_build_object('schema', n.nspname, 'name', t.relname) from pg_catalog.pg_class t
         join pg_catalog.pg_namespace n on n.oid = t.relnamespace where t.oid = f.confrelid),
      'toColumns', (select json_agg(a.attname order by k.position) from unnest(f.confkey) with ordinality k(attnum, position)
         join pg_catalog.pg_attribute a on a.attrelid = f.confrelid and a.attnum = k.attnum)
    ) order by f.conname)
   from pg_catalog.pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and f.conparentid = 0) as foreign_keys
from pg_catalog.pg_class c where c.oid in (select (json_array_elements_text($1::json))::oid)`

const parse = <T>(json: string | null | undefined, fallback: T): T =>
  json == null ? fallback : (JSON.parse(json) as T)

const describe = async (
  session: PostgresSession,
  tables: readonly TableInfo[],
): Promise<readonly DescribedTable[]> => {
  const rows = await session.query(DESCRIPTIONS, [JSON.stringify(tables.map(table => table.oid))])
  return tables.map(table => {
    const row = rows.find(found => Number(found['oid']) === table.oid)
    return {
      ...table,
      comment: row?.['comment'] ?? undefined,
      comments: new Map(Object.entries(parse<Readonly<Record<string, string>>>(row?.['comments'], {}))),
      foreignKeys: parse<readonly ForeignKey[]>(row?.['foreign_keys'], []),
    }
  })
}

/** Everything in these schemas that may hold rows; partitions and members of extensions are left out. */
export const readTableCatalogue = async (
  session: PostgresSession,
  schemas: readonly string[],
): Promise<TableCatalogue> => {
  const wanted = JSON.stringify(schemas)
  const [server] = await session.query(SCHEMAS, [wanted])
  const relations = (await session.query(RELATIONS, [wanted])).map(row => ({
    schema: row['schema'] ?? '',
    name: row['name'] ?? '',
    kind: row['kind'] ?? '',
  }))
  const isTable = ({ kind }: { readonly kind: string }): boolean => kind === 'r' || kind === 'p'
  const names = relations.filter(isTable)
  const tables = await readTables(session, names)
  const inOrder = names.flatMap(({ schema, name }) =>
    tables.filter(table => table.schema === schema && table.name === name),
  )
  return {
    database: server?.['database'] ?? '',
    tables: await describe(session, inOrder),
    others: relations.filter(relation => !isTable(relation)),
    missingSchemas: parse<readonly string[]>(server?.['missing'], []),
  }
}

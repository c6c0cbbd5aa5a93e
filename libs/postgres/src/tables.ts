import type { PostgresSession } from './session.ts'

export interface TableName {
  readonly schema: string
  readonly name: string
}

export interface ColumnInfo {
  readonly name: string
  readonly typeOid: number
  readonly typeModifier: number
  /** As format_type prints it, with modifiers: `numeric(10,2)`, `mood`. */
  readonly type: string
  /** A domain's type below all domains, without modifiers; else the type itself. Arrays end in `[]`. */
  readonly baseType: string
  readonly baseTypeOid: number
  /** Labels of an enum (or of an enum's array) in declared order, else []. */
  readonly labels: readonly string[]
  readonly notNull: boolean
  readonly generated: boolean
  /** False: equal values may differ in their text (nondeterministic collation). */
  readonly deterministic: boolean
}

export interface TableInfo extends TableName {
  readonly oid: number
  /** 'r' table, 'p' partitioned table; other letters as in pg_class.relkind. */
  readonly kind: string
  readonly persistence: string
  /** 'd' default, 'n' nothing, 'f' full, 'i' index. */
  readonly replicaIdentity: string
  readonly columns: readonly ColumnInfo[]
  /** Columns of the primary key in its order; [] when there is none. */
  readonly primaryKey: readonly string[]
  readonly primaryKeyDeferrable: boolean
  /** Columns that old rows carry, by replica identity: none, key or index columns; all for 'f'. */
  readonly identity: readonly string[]
  /** Planner's estimate, of all partitions together; 0 when it was never analysed. */
  readonly estimatedRows: number
  /** The role of this session may read it. */
  readonly readable: boolean
}

const TABLES = `
with wanted as (
  select * from json_to_recordset($1::json) as w(schema text, name text)
), domains as (
  with recursive down(oid, base) as (
    select oid, typbasetype from pg_catalog.pg_type where typtype = 'd'
    union all
    select d.oid, t.typbasetype from down d join pg_catalog.pg_type t on t.oid = d.base and t.typtype = 'd'
  )
  select d.oid, d.base from down d join pg_catalog.pg_type t on t.oid = d.base and t.typtype <> 'd'
)
select c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident,
  pg_catalog.has_table_privilege(c.oid, 'SELECT') as readable,
  (select coalesce(sum(greatest(l.reltuples, 0)), 0)::bigint from pg_catalog.pg_class l
    where l.oid = c.oid or (c.relkind = 'p' and l.oid in (select relid from pg_catalog.pg_partition_tree(c.oid) where isleaf))
  ) as estimate,
  (select json_agg(json_build_object(
      'name', a.attname, 'typeOid', a.atttypid::bigint, 'typeModifier', a.atttypmod,
      'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'baseType', pg_catalog.format_type(coalesce(d.base, a.atttypid), null), 'baseTypeOid', coalesce(d.base, a.atttypid)::bigint,
      'labels', (select coalesce(json_agg(e.enumlabel order by e.enumsortorder), '[]') from pg_catalog.pg_enum e
         where e.enumtypid in (coalesce(d.base, a.atttypid), (select typelem from pg_catalog.pg_type where oid = coalesce(d.base, a.atttypid)))),
      'notNull', a.attnotnull, 'generated', a.attgenerated <> '',
      'deterministic', coalesce((select collisdeterministic from pg_catalog.pg_collation where oid = a.attcollation), true)
    ) order by a.attnum)
   from pg_catalog.pg_attribute a left join domains d on d.oid = a.atttypid
   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select json_build_object('deferrable', not i.indimmediate, 'columns', (
      select json_agg(a.attname order by k.position) from unnest(i.indkey::int2[]) with ordinality k(attnum, position)
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum where k.position <= i.indnkeyatts))
   from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary) as primary_key,
  (select json_agg(a.attname order by k.position) from pg_catalog.pg_index i, unnest(i.indkey::int2[]) with ordinality k(attnum, position)
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
   where i.indrelid = c.oid and k.position <= i.indnkeyatts
     and case c.relreplident when 'd' then i.indisprimary and i.indimmediate when 'i' then i.indisreplident else false end) as identity
from wanted w
join pg_catalog.pg_namespace n on n.nspname = w.schema
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
`

interface PrimaryKeyJson {
  readonly deferrable: boolean
  readonly columns: readonly string[]
}

const parse = <T>(json: string | null | undefined, fallback: T): T =>
  json == null ? fallback : (JSON.parse(json) as T)

/** What the catalogue says about these tables now; those that do not exist are left out. */
export const readTables = async (
  session: PostgresSession,
  wanted: readonly TableName[],
): Promise<readonly TableInfo[]> => {
  const names = JSON.stringify(wanted.map(({ schema, name }) => ({ schema, name })))
  const rows = await session.query(TABLES, [names])
  return rows.map(row => {
    const columns = parse<readonly ColumnInfo[]>(row['columns'], [])
    const primaryKey = parse<PrimaryKeyJson>(row['primary_key'], { deferrable: false, columns: [] })
    const replicaIdentity = row['relreplident'] ?? 'd'
    return {
      oid: Number(row['oid']),
      schema: row['nspname'] ?? '',
      name: row['relname'] ?? '',
      kind: row['relkind'] ?? '',
      persistence: row['relpersistence'] ?? '',
      replicaIdentity,
      columns,
      primaryKey: primaryKey.columns,
      primaryKeyDeferrable: primaryKey.deferrable,
      identity:
        replicaIdentity === 'f'
          ? columns.map(column => column.name)
          : parse<readonly string[]>(row['identity'], []),
      estimatedRows: Number(row['estimate'] ?? 0),
      readable: row['readable'] === 't',
    }
  })
}

/** One table that holds rows itself: the table, or a leaf of a partitioned one. */
export interface Heap extends TableName {
  /** Blocks of 8 kB it has now. */
  readonly blocks: number
}

/** Where the rows of a table are. */
export const readHeaps = async (session: PostgresSession, tableOid: number): Promise<readonly Heap[]> => {
  const rows = await session.query(
    `select n.nspname, c.relname, pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int as blocks
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where (c.oid = $1::oid and c.relkind <> 'p')
        or c.oid in (select relid from pg_catalog.pg_partition_tree($1::oid) where isleaf and relid <> $1::oid)
     order by 1, 2`,
    [tableOid],
  )
  return rows.map(row => ({
    schema: row['nspname'] ?? '',
    name: row['relname'] ?? '',
    blocks: Number(row['blocks']),
  }))
}

/** Type oids of domains over numeric: their key texts are normalised like numerics (design 02 §2.3). */
export const numericDomains = (tables: readonly TableInfo[]): ReadonlySet<number> =>
  new Set(
    tables.flatMap(table =>
      table.columns
        .filter(column => column.baseType === 'numeric' && column.typeOid !== column.baseTypeOid)
        .map(column => column.typeOid),
    ),
  )

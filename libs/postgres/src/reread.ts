import { type PostgresSession, quoteIdentifier, quoteTable } from './session.ts'
import type { TableInfo } from './tables.ts'

/** Which transactions a statement saw: pg_current_snapshot(). */
export interface TransactionSnapshot {
  /** All below it are over. */
  readonly xmin: bigint
  /** None from it on has ended. */
  readonly xmax: bigint
  /** Those between that had not ended. */
  readonly running: ReadonlySet<bigint>
}

/** Reads `xmin:xmax:running,...`. */
export const parseSnapshot = (text: string): TransactionSnapshot => {
  const [xmin = '0', xmax = '0', running = ''] = text.split(':')
  const ids = running === '' ? [] : running.split(',').map(BigInt)
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), running: new Set(ids) }
}

/** Which transactions a statement sees now; what comes after it sees them too. */
export const readSnapshot = async (session: PostgresSession): Promise<TransactionSnapshot> => {
  const [row] = await session.query('select pg_catalog.pg_current_snapshot()::text as snapshot')
  return parseSnapshot(row?.['snapshot'] ?? '0:0:')
}

/**
 * Whether a committed transaction was over for this snapshot. `xid` has 32 bits, as the stream tells it; it stands for
 * the one of that remainder that is nearest to the snapshot's end, which holds for 2^31 transactions either way.
 */
export const isVisible = ({ xmin, xmax, running }: TransactionSnapshot, xid: number): boolean => {
  const full = xmax + BigInt.asIntN(32, BigInt(xid) - xmax)
  return full < xmin || (full < xmax && !running.has(full))
}

export interface RowsWish {
  readonly table: TableInfo
  /** Columns that name a row, and for each row their texts. */
  readonly keyColumns: readonly string[]
  readonly keys: readonly (readonly string[])[]
  /** Columns that are wanted. */
  readonly columns: readonly string[]
}

export interface RowsRead {
  readonly snapshot: TransactionSnapshot
  /** By index of the key: texts of the wanted columns, null for SQL NULL; undefined for a row that is not there. */
  readonly rows: readonly (readonly (string | null)[] | undefined)[]
}

const KEY = 'key'
const INDEX = 'index'

/** Reads rows by key in one statement, which has one snapshot. The statement finds them by index, whatever the table's size. */
export const readRows = async (session: PostgresSession, wish: RowsWish): Promise<RowsRead> => {
  const { table, keyColumns, keys, columns } = wish
  const match = keyColumns.map((name, index) => {
    const type = table.columns.find(column => column.name === name)?.type ?? 'text'
    return `t.${quoteIdentifier(name)} = (w.${KEY}->>${index})::${type}`
  })
  // no cast: the stream has what the type's output function prints
  const wanted = columns.map((name, index) => `t.${quoteIdentifier(name)} as c${index}`)
  const found = await session.query(
    `select pg_catalog.pg_current_snapshot()::text as snapshot, w.${INDEX}, t.ctid is not null as there, ${wanted.join(', ')}
     from pg_catalog.json_array_elements($1::json) with ordinality as w(${KEY}, ${INDEX})
     left join ${table.kind === 'r' ? 'only ' : ''}${quoteTable(table)} t on ${match.join(' and ')}`,
    [JSON.stringify(keys)],
  )
  const rows: ((string | null)[] | undefined)[] = keys.map(() => undefined)
  for (const row of found) {
    if (row['there'] !== 't') continue
    rows[Number(row[INDEX]) - 1] = columns.map((_, index) => row[`c${index}`] ?? null)
  }
  return { snapshot: parseSnapshot(found[0]?.['snapshot'] ?? '0:0:'), rows }
}

import type { Random, Statement } from '@headrace/testkit'

/** Which ids a writer meets: rows that are there already, counted from 1, and a range of its own for new ones. */
export interface Ids {
  readonly images: number
  readonly annotations: number
  readonly slices: number
  /** Gives a new id of this writer. */
  next(): number
}

/** Makes statements that belong into one transaction, mostly one statement. */
export type Kind = (random: Random, ids: Ids) => readonly Statement[]

export const statement = (sql: string, ...params: Statement['params'][number][]): readonly Statement[] => [
  { sql, params },
]

/** One statement for all rows, which have the same columns. */
export const insert = (table: string, rows: readonly object[], conflict = ''): readonly Statement[] => {
  const columns = Object.keys(rows[0] ?? {})
  const params = rows.flatMap(row => Object.values(row) as (string | number | null)[])
  const places = rows.map(
    (_, row) => `(${columns.map((_, at) => `$${row * columns.length + at + 1}`).join(', ')})`,
  )
  return [
    { sql: `insert into ${table} (${columns.join(', ')}) values ${places.join(', ')} ${conflict}`, params },
  ]
}

import { RETAIL_TABLES, type RetailRows, type RetailTable } from './rows.ts'
import type { Row, Value } from './values.ts'

const ROWS_PER_STATEMENT = 500

export const literal = (value: Value): string => {
  if (value === null) return 'null'
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)
}

const inserts = (table: RetailTable, rows: readonly Row[]): readonly string[] => {
  const columns = Object.keys(rows[0] ?? {})
  const statements: string[] = []
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    const values = rows
      .slice(at, at + ROWS_PER_STATEMENT)
      .map(row => `(${columns.map(column => literal(row[column] ?? null)).join(', ')})`)
    statements.push(`insert into retail."${table}" (${columns.join(', ')}) values\n${values.join(',\n')};`)
  }
  return statements
}

/** SQL text that fills the empty tables of schema.sql. */
export const retailSql = (rows: RetailRows): string =>
  [
    ...RETAIL_TABLES.flatMap(table => inserts(table, rows[table])),
    `select setval(pg_get_serial_sequence('retail.shipment_event', 'event_id'), ${rows.shipment_event.length + 1});`,
    'analyze;',
  ].join('\n')

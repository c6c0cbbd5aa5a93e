import type { Dataset } from './rows.ts'

const ROWS_PER_STATEMENT = 500

const literal = (value: string | number | null): string =>
  value === null ? 'null' : typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`

const inserts = (
  table: string,
  rows: readonly Readonly<Record<string, string | number | null>>[],
): readonly string[] => {
  const columns = Object.keys(rows[0] ?? {})
  const statements: string[] = []
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    const values = rows
      .slice(at, at + ROWS_PER_STATEMENT)
      .map(row => `(${columns.map(column => literal(row[column] ?? null)).join(', ')})`)
    statements.push(`insert into ${table} (${columns.join(', ')}) values\n${values.join(',\n')};`)
  }
  return statements
}

/** SQL text that inserts all rows. */
export const datasetSql = ({ images, annotations }: Dataset): string =>
  [
    ...inserts(
      'image',
      images.map(row => ({ ...row })),
    ),
    ...inserts(
      'annotation',
      annotations.map(row => ({ ...row })),
    ),
    'analyze image; analyze annotation;',
  ].join('\n')

import type { Dataset } from './dataset-rows.ts'

const ROWS_PER_STATEMENT = 500

type Row = Readonly<Record<string, string | number | null>>

const literal = (value: string | number | null): string =>
  value === null ? 'null' : typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`

const inserts = (table: string, rows: readonly object[]): readonly string[] => {
  const columns = Object.keys(rows[0] ?? {})
  const statements: string[] = []
  for (let at = 0; at < rows.length; at += ROWS_PER_STATEMENT) {
    const values = (rows.slice(at, at + ROWS_PER_STATEMENT) as readonly Row[]).map(
      row => `(${columns.map(column => literal(row[column] ?? null)).join(', ')})`,
    )
    statements.push(`insert into ${table} (${columns.join(', ')}) values\n${values.join(',\n')};`)
  }
  return statements
}

/** SQL text that inserts all rows. */
export const datasetSql = ({ datasets, images, annotations, slices, sliceImages }: Dataset): string =>
  [
    ...inserts('dataset', datasets),
    ...inserts('image', images),
    ...inserts('annotation', annotations),
    ...inserts('slice', slices),
    ...inserts('slice_image', sliceImages),
    'analyze;',
  ].join('\n')

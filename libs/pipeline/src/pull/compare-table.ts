import type { Contract, ContractField } from '@headrace/validation'
import type { ColumnKind, ColumnType } from '@headrace/wire'
import { logicalTypesFor } from '../contracts/physical-types.ts'
import { physicalTypeOf, type PulledColumn } from './pulled-table.ts'

/** Where a table and its contract differ. */
export interface TableDifference {
  /** `error`: rows cannot be what the contract says. `note`: they may be; somebody should look. */
  readonly kind: 'error' | 'note'
  readonly what: string
  readonly todo: string
}

/** Column types whose values all fit another one. */
const HOLDS: Readonly<Partial<Record<ColumnKind, readonly ColumnKind[]>>> = {
  int32: ['int16'],
  int64: ['int16', 'int32'],
  decimal: ['int16', 'int32', 'int64'],
  float64: ['float32'],
}

const fits = (contract: ColumnType, column: ColumnType): boolean =>
  contract.dimensions === column.dimensions &&
  (contract.kind === column.kind ||
    contract.kind === 'text' ||
    HOLDS[contract.kind]?.includes(column.kind) === true)

const compareColumn = (table: string, field: ContractField, column: PulledColumn): TableDifference[] => {
  const differences: TableDifference[] = []
  const add = (kind: TableDifference['kind'], what: string, todo: string): void =>
    void differences.push({ kind, what: `the column "${column.name}" of ${table} ${what}`, todo })
  const type = physicalTypeOf(column)?.type
  if (type !== undefined && !fits(field.type, type)) {
    const declared = `logicalType: ${logicalTypesFor(type)[0]}, physicalType: ${column.type}`
    const contracted = `${field.type.kind}${'[]'.repeat(field.type.dimensions)}`
    add(
      'error',
      `is of type ${column.type}; its contract reads it as ${contracted}`,
      `Write ${declared} in its contract and stop the services; then \`headrace contracts lock DIR\`, \`headrace source reset DIR\`, and start them. Until then rows that do not fit are withheld, and their documents are gone.`,
    )
  }
  const unknown = column.labels.filter(label => field.type.labels?.includes(label) === false)
  if (unknown.length > 0)
    add(
      'note',
      `has labels that its contract does not list: ${unknown.join(', ')}`,
      'Rows with one of them are withheld; add them to the contract when they are right.',
    )
  if (field.required && !column.notNull)
    add(
      'note',
      'may hold nulls; its contract requires a value',
      'Rows with a null are withheld; drop `required: true`, or make the column NOT NULL.',
    )
  return differences
}

/** Where the columns of a table are not what its contract says of them. `table` stands in the texts. */
export const compareTable = (
  table: string,
  { fields }: Pick<Contract, 'fields'>,
  columns: readonly PulledColumn[],
): readonly TableDifference[] => {
  const named = new Set(fields.map(field => field.column))
  const missing = fields.filter(field => !columns.some(column => column.name === field.column))
  const fresh = columns.filter(
    column => !named.has(column.name) && !column.generated && physicalTypeOf(column) !== undefined,
  )
  return [
    ...missing.map(field => ({
      kind: 'error' as const,
      what: `the table ${table} has no column "${field.column}", which its contract has`,
      todo: 'Renamed: write physicalName: NEW_NAME at its property, and views keep its name; then run `headrace contracts lock DIR` and `headrace source reset DIR`. Dropped: take the property out, and run the first of these. Else add the column.',
    })),
    ...fields.flatMap(field => {
      const column = columns.find(({ name }) => name === field.column)
      return column === undefined ? [] : compareColumn(table, field, column)
    }),
    ...fresh.map(column => ({
      kind: 'note' as const,
      what: `the column "${column.name}" of ${table} is not in its contract, so nobody downstream sees it`,
      todo: 'If it is wanted, add its property by hand; `headrace contracts pull --out OTHER` writes one to copy from.',
    })),
  ]
}

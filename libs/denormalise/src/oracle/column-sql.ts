import { HeadraceError } from '@headrace/errors'
import type { ColumnType } from '@headrace/wire'
import type { Condition } from '../view-definition.ts'
import { quoteLiteral } from './sql-text.ts'

/** A column of a table in a statement: an SQL expression and what it holds. */
export interface ColumnSql {
  readonly sql: string
  readonly type: ColumnType
}

/** Compared as texts by their bytes, as they are printed (05 A9a). Enums are not: they have an order of their own. */
const isText = ({ kind, labels }: ColumnType): boolean =>
  (kind === 'text' && labels === undefined) || kind === 'time'

/** What the type's output function prints; a cast to text would drop the padding of char(n) and print booleans otherwise. */
export const printed = ({ sql }: ColumnSql): string => `concat(${sql})`

const scalar = (column: ColumnSql, what: string): void => {
  if (column.type.kind !== 'json' && column.type.dimensions === 0) return
  throw new HeadraceError('internal.bug', `${column.sql} is JSON or an array: it has no ${what}`)
}

/** An ORDER BY entry of the order of 05 A9a, nulls last in both directions. */
export const orderEntry = (column: ColumnSql, descending: boolean): string => {
  scalar(column, 'order')
  if (isText(column.type)) {
    return `${column.sql} is null, ${printed(column)} collate "C"${descending ? ' desc' : ''}`
  }
  return descending ? `${column.sql} desc nulls last` : column.sql
}

/**
 * Both sides of an equality of keys. Texts of different types (varchar and an enum) have no operator of their own; a cast of
 * text and varchar costs nothing and keeps indexes usable.
 */
export const keyOperand = ({ sql, type }: ColumnSql): string => (type.kind === 'text' ? `${sql}::text` : sql)

export const conditionSql = (column: ColumnSql, condition: Condition): string => {
  switch (condition.is) {
    case 'null':
      return `${column.sql} is null`
    case 'not_null':
      return `${column.sql} is not null`
    case 'in': {
      const values = condition.values.map(quoteLiteral).join(', ')
      return column.type.kind === 'text'
        ? `(${column.sql} is not null and ${printed(column)} in (${values}))`
        : `${column.sql} in (${values})`
    }
  }
}

/** Name of a value in a countBy: its JSON text without quotes; 1.0 and 1.00 are two. */
export const countedName = (column: ColumnSql): string => {
  scalar(column, 'name to be counted by')
  return `to_json(${column.sql}) #>> '{}'`
}

/** Least or greatest value, also of types that have no min(). */
export const extremeOf = (column: ColumnSql, greatest: boolean): string =>
  `(array_agg(${column.sql} order by ${orderEntry(column, greatest)}) filter (where ${column.sql} is not null))[1]`

export const distinctCount = (column: ColumnSql): string => {
  scalar(column, 'distinct values')
  const value = isText(column.type) ? `${printed(column)} collate "C"` : column.sql
  return `count(distinct ${value}) filter (where ${column.sql} is not null)`
}

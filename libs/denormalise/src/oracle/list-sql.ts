import type { AggregateDefinition, ListDefinition } from '../view-definition.ts'
import {
  type ColumnSql,
  conditionSql,
  countedName,
  distinctCount,
  extremeOf,
  keyOperand,
  orderEntry,
} from './column-sql.ts'
import { nodeSql } from './node-sql.ts'
import { indent, jsonObject, quoteLiteral } from './sql-text.ts'
import type { OpenTable, StatementScope } from './view-scope.ts'

/** A joined subquery and the expressions that read its results. */
export interface Joined<Names extends string> {
  readonly join: string
  readonly results: Readonly<Record<Names, string>>
}

/** How a subquery over a list's rows hangs on the parent's row. */
interface Link {
  /** Foreign key columns for the SELECT list, each with a comma behind it. */
  readonly select: string
  readonly keys: readonly string[]
  readonly partition: string
  readonly where: string
  readonly lateral: string
  on(alias: string): string
  /** GROUP BY the keys and so many expressions behind them, by place: a name would mean a column of the table first. */
  groupBy(further?: number): string
}

const linkOf = (scope: StatementScope, list: ListDefinition, parent: OpenTable, child: OpenTable): Link => {
  const pairs = list.on.map(on => ({
    child: keyOperand(child.column(on.child)),
    parent: keyOperand(parent.column(on.parent)),
  }))
  const conditions = list.where.map(condition => conditionSql(child.column(condition.column), condition))
  const each = scope.form === 'each'
  const all = each ? [...pairs.map(pair => `${pair.child} = ${pair.parent}`), ...conditions] : conditions
  const keys = each ? [] : pairs.map((_, index) => `k${index}`)
  return {
    select: keys.map((key, index) => `${pairs[index]!.child} as ${key}, `).join(''),
    keys,
    partition: each ? '' : `partition by ${pairs.map(pair => pair.child).join(', ')} `,
    where: all.length === 0 ? '' : `\nwhere ${all.join(' and ')}`,
    lateral: each ? 'lateral ' : '',
    on: alias =>
      each ? 'true' : pairs.map((pair, index) => `${alias}.k${index} = ${pair.parent}`).join(' and '),
    groupBy: (further = 0) => {
      const places = Array.from({ length: keys.length + further }, (_, index) => index + 1)
      return places.length === 0 ? '' : `\ngroup by ${places.join(', ')}`
    },
  }
}

const joinOf = (link: Link, alias: string, body: string): string =>
  `left join ${link.lateral}(\n${indent(body)}\n) ${alias} on ${link.on(alias)}`

const keysOf = (link: Link, alias: string): string => link.keys.map(key => `${alias}.${key}, `).join('')

const shownRows = ({ limit, overflow }: ListDefinition): string => {
  const rows = 'json_agg(x.document order by x.place)'
  if (limit === undefined || overflow === 'fail') return rows
  if (overflow === 'countOnly') return `case when count(*) <= ${limit} then ${rows} end`
  return `${rows} filter (where x.place <= ${limit})`
}

/** Name of a list below that is too long, if any; null otherwise. */
const overflowOf = ({ name, limit, overflow }: ListDefinition, below: boolean): string => {
  const deeper = below ? 'max(x.overflow)' : 'null'
  return overflow === 'fail' && limit !== undefined
    ? `case when count(*) > ${limit} then ${quoteLiteral(name)} else ${deeper} end`
    : deeper
}

/** The list of a parent's children as JSON, in the order of 05 A9a. */
export const listSql = (
  scope: StatementScope,
  list: ListDefinition,
  parent: OpenTable,
): Joined<'list' | 'overflow'> => {
  const child = scope.open(list.node)
  const link = linkOf(scope, list, parent, child)
  const node = nodeSql(scope, child)
  const order = [
    ...list.orderBy.map(({ column, descending }) => orderEntry(child.column(column), descending)),
    ...child.primaryKey.map(column => orderEntry(column, false)),
  ]
  const below = node.overflow.length > 0
  const rows = [
    `select ${link.select}row_number() over (${link.partition}order by ${order.join(', ')}) as place,`,
    `  ${below ? `coalesce(${node.overflow.join(', ')}) as overflow, ` : ''}${jsonObject(node.pairs)} as document`,
    `from ${child.from}`,
    ...node.joins,
  ].join('\n')
  const alias = scope.alias('l')
  const body = [
    `select ${keysOf(link, 'x')}${shownRows(list)} as list, ${overflowOf(list, below)} as overflow`,
    `from (\n${indent(rows + link.where)}\n) x${link.groupBy()}`,
  ].join('\n')
  return {
    join: joinOf(link, alias, body),
    results: { list: `coalesce(${alias}.list, '[]')`, overflow: `${alias}.overflow` },
  }
}

const aggregateSql = (name: AggregateDefinition['function'], column: ColumnSql | undefined): string => {
  if (column === undefined) return 'count(*)'
  switch (name) {
    case 'count':
    case 'sum':
      return `${name}(${column.sql})`
    case 'min':
      return extremeOf(column, false)
    case 'max':
      return extremeOf(column, true)
    case 'distinct':
      return distinctCount(column)
    case 'countBy':
      return countedName(column)
  }
}

/** What an aggregate is when there are no rows; null else. */
const NOTHING: Readonly<Partial<Record<AggregateDefinition['function'], string>>> = {
  count: '0',
  distinct: '0',
  countBy: `'{}'`,
}

/** An aggregate over all rows of a list, whatever its limit. */
export const listAggregateSql = (
  scope: StatementScope,
  list: ListDefinition,
  aggregate: AggregateDefinition,
  parent: OpenTable,
): Joined<'value'> => {
  const child = scope.open(list.node)
  const link = linkOf(scope, list, parent, child)
  const column = aggregate.column === undefined ? undefined : child.column(aggregate.column)
  const value = aggregateSql(aggregate.function, column)
  const alias = scope.alias('a')
  const from = `\nfrom ${child.from}${link.where}`
  const nothing = NOTHING[aggregate.function]
  const result = `${alias}.value`
  const results = { value: nothing === undefined ? result : `coalesce(${result}, ${nothing})` }
  if (aggregate.function !== 'countBy') {
    return {
      join: joinOf(link, alias, `select ${link.select}${value} as value${from}${link.groupBy()}`),
      results,
    }
  }
  const present = `${link.where === '' ? '\nwhere' : ' and'} ${column!.sql} is not null`
  const counts = `select ${link.select}${value} as k, count(*) as n${from}${present}${link.groupBy(1)}`
  const body = `select ${keysOf(link, 'x')}json_object_agg(x.k, x.n) as value\nfrom (\n${indent(counts)}\n) x${link.groupBy()}`
  return { join: joinOf(link, alias, body), results }
}

import type { ReferenceDefinition } from '../view-definition.ts'
import { keyOperand } from './column-sql.ts'
import { listSql } from './list-sql.ts'
import { jsonObject } from './sql-text.ts'
import type { OpenTable, StatementScope } from './view-scope.ts'

type Pair = readonly [name: string, sql: string]

/** A row of a node and everything below it: the members of its object, and the joins they need behind its table. */
export interface NodeSql {
  readonly pairs: readonly Pair[]
  readonly joins: readonly string[]
  /** Expressions that name a list that is too long (`overflow: fail`), or null. */
  readonly overflow: readonly string[]
}

const referenceSql = (scope: StatementScope, reference: ReferenceDefinition, from: OpenTable): NodeSql => {
  const to = scope.open(reference.node)
  const on = reference.on.map(
    ({ column, key }) => `${keyOperand(to.column(key))} = ${keyOperand(from.column(column))}`,
  )
  const node = nodeSql(scope, to)
  const present = `${to.primaryKey[0]!.sql} is not null`
  return {
    pairs: reference.flatten
      ? node.pairs
      : [[reference.name, `case when ${present} then ${jsonObject(node.pairs)} end`]],
    joins: [`left join ${to.from} on ${on.join(' and ')}`, ...node.joins],
    overflow: node.overflow,
  }
}

export const nodeSql = (scope: StatementScope, table: OpenTable): NodeSql => {
  const { fields, references, lists } = table.node
  const refers = references.map(reference => referenceSql(scope, reference, table))
  const below = lists.map(list => ({ list, sql: listSql(scope, list, table) }))
  return {
    pairs: [
      ...fields.map(({ as, column }): Pair => [as, table.column(column).sql]),
      ...refers.flatMap(each => each.pairs),
      ...below.map(({ list, sql }): Pair => [list.name, sql.results.list]),
    ],
    joins: [...refers.flatMap(each => each.joins), ...below.map(({ sql }) => sql.join)],
    overflow: [
      ...refers.flatMap(each => each.overflow),
      ...below.filter(({ list }) => mayOverflow(list)).map(({ sql }) => sql.results.overflow),
    ],
  }
}

/** Whether a list or one below it refuses to be longer than its limit. */
const mayOverflow = ({ limit, overflow, node }: OpenTable['node']['lists'][number]): boolean =>
  (overflow === 'fail' && limit !== undefined) ||
  node.lists.some(mayOverflow) ||
  node.references.some(reference => reference.node.lists.some(mayOverflow))

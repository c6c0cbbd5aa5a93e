import type { AggregateDefinition, Condition, ListDefinition, ViewDefinition } from '../view-definition.ts'
import type { Row } from './simulation.ts'

/** Tables as the source has them: dataset -> key -> row. */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, Row>>

const valueOf = (json: string | null | undefined): unknown =>
  json === null || json === undefined ? null : (JSON.parse(json) as unknown)

const meets = (row: Row, condition: Condition): boolean => {
  const value = row[condition.column] ?? null
  if (condition.is === 'null') return value === null
  if (condition.is === 'not_null') return value !== null
  return condition.is === 'in' && value !== null && condition.values.includes(String(valueOf(value)))
}

/** Naive order: numbers by value, text by UTF-8 bytes, nulls last in either direction. */
const compare = (a: unknown, b: unknown): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)))
}

const rowsOf = (tables: Tables, list: ListDefinition, parent: Row): Row[] => {
  const rows = [...(tables.get(list.node.dataset)?.values() ?? [])]
  return rows
    .filter(row =>
      list.on.every(({ child, parent: key }) => row[child] !== null && row[child] === parent[key]),
    )
    .filter(row => list.where.every(condition => meets(row, condition)))
    .sort((a, b) => {
      const order = [...list.orderBy, ...list.node.primaryKey.map(column => ({ column, descending: false }))]
      for (const { column, descending } of order) {
        const [x, y] = [valueOf(a[column]), valueOf(b[column])]
        if (x === null || y === null) {
          if (x !== y) return x === null ? 1 : -1
          continue
        }
        const difference = compare(x, y)
        if (difference !== 0) return descending ? -difference : difference
      }
      return 0
    })
}

const aggregateOf = (aggregate: AggregateDefinition, rows: readonly Row[]): unknown => {
  if (aggregate.function === 'count') return rows.length
  const values = rows.map(row => valueOf(row[aggregate.column!])).filter(value => value !== null)
  if (aggregate.function === 'distinct') return new Set(values).size
  if (aggregate.function === 'countBy') {
    const counts: Record<string, number> = {}
    for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1
    return counts
  }
  if (values.length === 0) return null
  if (aggregate.function === 'sum') return values.reduce<number>((sum, value) => sum + Number(value), 0)
  const sorted = [...values].sort(compare)
  return aggregate.function === 'min' ? sorted[0] : sorted[sorted.length - 1]
}

const put = (document: Record<string, unknown>, path: string, value: unknown): void => {
  const names = path.split('.')
  let at = document
  for (const name of names.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>
  at[names[names.length - 1]!] = value
}

/** The document of a root row, computed from whole tables: slow and plain. Undefined: there is no such root row. */
export const naiveDocument = (
  view: ViewDefinition,
  tables: Tables,
  key: string,
): Record<string, unknown> | undefined => {
  const root = tables.get(view.root.dataset)?.get(key)
  if (root === undefined) return undefined
  const document: Record<string, unknown> = {}
  for (const { as, column } of view.root.fields) document[as] = valueOf(root[column])
  for (const list of view.root.lists) {
    const rows = rowsOf(tables, list, root)
    const shown =
      list.limit === undefined || rows.length <= list.limit
        ? rows
        : list.overflow === 'countOnly'
          ? []
          : rows.slice(0, list.limit)
    document[list.name] = shown.map(row =>
      Object.fromEntries(list.node.fields.map(({ as, column }) => [as, valueOf(row[column])])),
    )
  }
  for (const aggregate of view.aggregates) {
    const list = view.root.lists.find(each => each.name === aggregate.list)!
    put(document, aggregate.path, aggregateOf(aggregate, rowsOf(tables, list, root)))
  }
  return document
}

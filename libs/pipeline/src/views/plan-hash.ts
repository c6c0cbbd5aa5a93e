import { createHash } from 'node:crypto'
import type { AggregateDefinition, NodeDefinition, ViewDefinition } from '@headrace/denormalise'

/** JSON with sorted keys: equal values, equal text. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`)
  return `{${entries.join(',')}}`
}

/** Number of a field that has had another one; undefined: it is the first. */
export type Renumbered = (node: NodeDefinition, column: string) => number | undefined

/**
 * Only the columns the view uses count: a column that no view shows must not rebuild any. One with another number does: what was
 * read under the one before is another field's.
 */
const usedColumns = (
  node: NodeDefinition,
  further: readonly string[],
  numberOf: Renumbered,
): Readonly<Record<string, unknown>> => {
  const names = [
    ...node.primaryKey,
    ...node.fields.map(({ column }) => column),
    ...node.lists.flatMap(({ on }) => on.map(({ parent }) => parent)),
    ...node.references.flatMap(({ on }) => on.map(({ column }) => column)),
    ...further,
  ]
  return Object.fromEntries(
    names.map(name => [name, { ...node.columns[name], number: numberOf(node, name) }]),
  )
}

const planNode = (
  node: NodeDefinition,
  further: readonly string[],
  aggregates: readonly AggregateDefinition[],
  numberOf: Renumbered,
): unknown => ({
  ...node,
  columns: usedColumns(node, further, numberOf),
  lists: node.lists.map(list => ({
    ...list,
    node: planNode(
      list.node,
      [
        ...list.on.map(({ child }) => child),
        ...list.where.map(({ column }) => column),
        ...list.orderBy.map(({ column }) => column),
        ...aggregates.flatMap(each =>
          each.list === list.name && each.column !== undefined ? [each.column] : [],
        ),
      ],
      [],
      numberOf,
    ),
  })),
  references: node.references.map(reference => ({
    ...reference,
    node: planNode(
      reference.node,
      reference.on.map(({ key }) => key),
      [],
      numberOf,
    ),
  })),
})

/** Grows when the meaning of stored rows or documents changes although the definition stays. */
const PLAN_FORMAT = 1

/** First 10 hexadecimal digits of the SHA-256 over definition, used columns with their types, and partition count (05 A17). */
export const planHash = (definition: ViewDefinition, partitions: number, numberOf: Renumbered): string => {
  const plan = {
    ...definition,
    root: planNode(definition.root, [], definition.aggregates, numberOf),
    partitions,
    format: PLAN_FORMAT,
  }
  return createHash('sha256').update(canonicalJson(plan)).digest('hex').slice(0, 10)
}

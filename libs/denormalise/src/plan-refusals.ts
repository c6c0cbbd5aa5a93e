import type { ColumnType } from '@headrace/wire'
import type {
  AggregateDefinition,
  ListDefinition,
  ReferenceDefinition,
  ViewDefinition,
} from './view-definition.ts'

/** What a view uses that no plan can be made of. */
export interface PlanRefusal {
  /** Where it stands in the view as written, e.g. `['lists', 'orders', 'orderBy', 0]`. */
  readonly at: readonly (string | number)[]
  readonly what: string
}

type Path = readonly (string | number)[]

const isWhole = (type: ColumnType | undefined): boolean =>
  type !== undefined && (type.kind === 'json' || type.dimensions > 0)

/** What is referred to shows its own columns only. */
const refusalsOfReference = ({ node, name }: ReferenceDefinition, path: Path): readonly PlanRefusal[] => {
  const at = [...path, 'one', name]
  return [
    ...node.lists.map(each => ({
      at: [...at, 'lists', each.name],
      what: `list ${each.name} in reference ${name}`,
    })),
    ...node.references.map(each => ({
      at: [...at, 'one', each.name],
      what: `reference ${each.name} in reference ${name}`,
    })),
  ]
}

const refusalsOfList = (list: ListDefinition, path: Path): readonly PlanRefusal[] => {
  const { node, name } = list
  const at = [...path, 'lists', name]
  const isDeep = path.length > 0
  return [
    ...(isDeep && list.overflow === 'fail' && list.limit !== undefined
      ? [{ at: [...at, 'overflow'], what: `overflow: fail of list ${name} below another list` }]
      : []),
    ...node.lists.flatMap(each => refusalsOfList(each, at)),
    ...node.references.flatMap(each => refusalsOfReference(each, at)),
    ...list.orderBy.flatMap(({ column }, index) =>
      isWhole(node.columns[column])
        ? [{ at: [...at, 'orderBy', index], what: `order of ${name} by ${column}` }]
        : [],
    ),
    ...node.primaryKey.flatMap(column =>
      isWhole(node.columns[column]) ? [{ at, what: `order of ${name} by ${column}` }] : [],
    ),
  ]
}

const refusalOfAggregate = (
  { path, function: name, column, list }: AggregateDefinition,
  lists: readonly ListDefinition[],
): readonly PlanRefusal[] => {
  const at = ['aggregates', path, name]
  if (column === undefined) return []
  // count(column) leaves nulls out: not the same as count
  if (name === 'count') return [{ at, what: `count of a column (${path})` }]
  const type = lists.find(each => each.name === list)?.node.columns[column]
  const isFloat = type?.kind === 'float32' || type?.kind === 'float64'
  if (!isWhole(type) && !(name === 'sum' && isFloat)) return []
  return [{ at, what: `${name} of ${list}.${column} (${type?.kind})` }]
}

/** Everything of a view that compilePlan refuses, all at once. Empty: it can be compiled. */
export const planRefusals = ({ root, aggregates }: ViewDefinition): readonly PlanRefusal[] => [
  ...root.references.flatMap(each => refusalsOfReference(each, [])),
  ...root.lists.flatMap(each => refusalsOfList(each, [])),
  ...aggregates.flatMap(aggregate => refusalOfAggregate(aggregate, root.lists)),
]

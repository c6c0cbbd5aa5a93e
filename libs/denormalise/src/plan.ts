import { HeadraceError } from '@headrace/errors'
import type { ColumnType } from '@headrace/wire'
import { compileLayout, type LayoutPart } from './layout.ts'
import type {
  AggregateDefinition,
  Condition,
  ListDefinition,
  NodeDefinition,
  ViewDefinition,
} from './view-definition.ts'

/** A view as stages (05 A1): one group stage per node that has inputs to join, a router per input that is keyed otherwise. */
export interface ViewPlan {
  readonly view: string
  /** Bottom up; the last one emits the documents. One, until deeper levels are built (05 A4). */
  readonly groups: readonly GroupPlan[]
  readonly routers: readonly RouterPlan[]
}

/** Moves the rows of a child dataset under their parent's key (05 A2). */
export interface RouterPlan {
  /** Name of the list: names the hop and index topics. */
  readonly edge: string
  readonly edgeIndex: number
  readonly dataset: string
  /** What is read of a record, for compileRowReader. The first `projected` values travel. */
  readonly names: readonly string[]
  readonly projected: number
  /** Where the foreign key's columns stand in `names`, in the order of the parent's key. */
  readonly foreignKey: readonly { readonly index: number; readonly type: ColumnType }[]
  readonly conditions: readonly CompiledCondition[]
}

export type CompiledCondition =
  | { readonly index: number; readonly is: 'null' | 'not_null' }
  | {
      readonly index: number
      readonly is: 'in'
      readonly type: ColumnType
      readonly values: ReadonlySet<string>
    }

/** Owns all inputs that share a node's key and makes its documents. */
export interface GroupPlan {
  readonly stage: number
  readonly dataset: string
  readonly names: readonly string[]
  readonly projected: number
  readonly edges: readonly EdgePlan[]
  readonly aggregates: readonly AggregatePlan[]
  readonly layout: readonly LayoutPart<DocumentSlot>[]
}

export type DocumentSlot =
  | { readonly kind: 'list'; readonly edge: number }
  | { readonly kind: 'aggregate'; readonly aggregate: AggregatePlan }

export interface EdgePlan {
  readonly name: string
  /** Order of the list: places in the projected row. Ends with the primary key. */
  readonly sort: readonly {
    readonly index: number
    readonly type: ColumnType
    readonly descending: boolean
  }[]
  readonly limit: number | undefined
  readonly overflow: ListDefinition['overflow']
  readonly layout: readonly LayoutPart<never>[]
  /** Columns whose values are counted, ascending places in the projected row. */
  readonly counted: readonly { readonly index: number; readonly type: ColumnType }[]
  /** The same places, for reading a row. */
  readonly countedPlaces: readonly number[]
  /** Places that `sort` needs, each once, ascending. */
  readonly sortPlaces: readonly number[]
}

export interface AggregatePlan {
  readonly path: string
  readonly function: AggregateDefinition['function']
  readonly edge: number
  /** Which of the edge's counted columns; -1 for count. */
  readonly counted: number
  readonly type: ColumnType | undefined
}

const unsupported = (view: string, what: string): HeadraceError =>
  new HeadraceError('aggregate.unsupported_view', `view ${view}: ${what} cannot be aggregated yet`)

/** Compiles a checked view. Throws aggregate.unsupported_view, internal.bug for names that do not resolve. */
export const compilePlan = (definition: ViewDefinition): ViewPlan => {
  const { view, root } = definition
  if (root.references.length > 0) throw unsupported(view, `reference ${root.references[0]!.name}`)
  const lists = root.lists.map((list, edge) => compileList(definition, list, edge))
  const aggregates = definition.aggregates.map(aggregate => compileAggregate(definition, aggregate, lists))
  const group: GroupPlan = {
    stage: 0,
    dataset: root.dataset,
    names: root.fields.map(field => field.column),
    projected: root.fields.length,
    edges: lists.map(list => list.edge),
    aggregates,
    layout: compileLayout<DocumentSlot>(
      root.fields.map(field => field.as),
      [
        ...lists.map(({ edge }, index) => ({
          path: [edge.name],
          slot: { kind: 'list', edge: index } as const,
        })),
        ...aggregates.map(aggregate => ({
          path: aggregate.path.split('.'),
          slot: { kind: 'aggregate', aggregate } as const,
        })),
      ],
    ),
  }
  return { view, groups: [group], routers: lists.map(list => list.router) }
}

/** Columns in the order of first use; a column keeps its first place. */
class Columns {
  readonly names: string[] = []
  private readonly node: NodeDefinition

  constructor(node: NodeDefinition) {
    this.node = node
    // one place per field, even when two show the same column: the document's text follows the row value by value
    for (const field of node.fields) this.names.push(field.column)
  }

  place(column: string): { readonly index: number; readonly type: ColumnType } {
    let index = this.names.indexOf(column)
    if (index < 0) index = this.names.push(column) - 1
    return { index, type: this.typeOf(column) }
  }

  typeOf(column: string): ColumnType {
    const type = this.node.columns[column]
    if (type === undefined)
      throw new HeadraceError('internal.bug', `dataset ${this.node.dataset} has no column ${column}`)
    return type
  }
}

const compileList = (
  { view, aggregates }: ViewDefinition,
  list: ListDefinition,
  edgeIndex: number,
): { readonly router: RouterPlan; readonly edge: EdgePlan } => {
  const { node } = list
  if (node.lists.length > 0) throw unsupported(view, `list ${node.lists[0]!.name} in list ${list.name}`)
  if (node.references.length > 0)
    throw unsupported(view, `reference ${node.references[0]!.name} in list ${list.name}`)
  const columns = new Columns(node)
  const sort = [...list.orderBy, ...node.primaryKey.map(column => ({ column, descending: false }))].map(
    ({ column, descending }) => {
      const place = columns.place(column)
      if (place.type.kind === 'json' || place.type.dimensions > 0)
        throw unsupported(view, `order of ${list.name} by ${column}`)
      return { ...place, descending }
    },
  )
  const counted = countedColumns(view, list.name, aggregates, columns)
  const projected = columns.names.length
  return {
    router: {
      edge: list.name,
      edgeIndex,
      dataset: node.dataset,
      projected,
      foreignKey: list.on.map(({ child }) => columns.place(child)),
      conditions: list.where.map(condition => compileCondition(condition, columns)),
      names: columns.names,
    },
    edge: {
      name: list.name,
      sort,
      limit: list.limit,
      overflow: list.overflow,
      layout: compileLayout<never>(
        node.fields.map(field => field.as),
        [],
      ),
      counted,
      countedPlaces: counted.map(each => each.index),
      sortPlaces: [...new Set(sort.map(each => each.index))].sort((a, b) => a - b),
    },
  }
}

const countedColumns = (
  view: string,
  list: string,
  aggregates: readonly AggregateDefinition[],
  columns: Columns,
): EdgePlan['counted'] => {
  const places = new Map<number, ColumnType>()
  for (const aggregate of aggregates) {
    if (aggregate.list !== list || aggregate.column === undefined || aggregate.function === 'count') continue
    const { index, type } = columns.place(aggregate.column)
    const isFloat = type.kind === 'float32' || type.kind === 'float64'
    if (type.kind === 'json' || type.dimensions > 0 || (aggregate.function === 'sum' && isFloat)) {
      throw unsupported(view, `${aggregate.function} of ${list}.${aggregate.column} (${type.kind})`)
    }
    places.set(index, type)
  }
  return [...places].sort(([a], [b]) => a - b).map(([index, type]) => ({ index, type }))
}

const compileCondition = (condition: Condition, columns: Columns): CompiledCondition => {
  const { index, type } = columns.place(condition.column)
  return condition.is === 'in'
    ? { index, is: 'in', type, values: new Set(condition.values) }
    : { index, is: condition.is }
}

const compileAggregate = (
  { view, root }: ViewDefinition,
  aggregate: AggregateDefinition,
  lists: readonly { readonly router: RouterPlan; readonly edge: EdgePlan }[],
): AggregatePlan => {
  const edge = lists.findIndex(list => list.edge.name === aggregate.list)
  if (edge < 0)
    throw new HeadraceError(
      'internal.bug',
      `view ${view}: aggregate ${aggregate.path} names no list of ${root.dataset}`,
    )
  const { path, function: name, column } = aggregate
  // count(column) leaves nulls out: not the same as count
  if (name === 'count' && column !== undefined) throw unsupported(view, `count of a column (${path})`)
  if (column === undefined) return { path, function: name, edge, counted: -1, type: undefined }
  const { router, edge: edgePlan } = lists[edge]!
  const counted = edgePlan.counted.findIndex(each => each.index === router.names.indexOf(column))
  return { path, function: name, edge, counted, type: edgePlan.counted[counted]!.type }
}

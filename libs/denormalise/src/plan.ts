import { HeadraceError } from '@headrace/errors'
import type { ColumnType } from '@headrace/wire'
import { compileLayout, type LayoutPart } from './layout.ts'
import { ascendingPlaces, Columns, type Place } from './plan-columns.ts'
import { planRefusals } from './plan-refusals.ts'
import {
  type CompiledReference,
  compileReference,
  type DimensionPlan,
  type ReferencePlan,
  type ReferenceSlot,
} from './plan-references.ts'
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
  /** Bottom up; the last one emits the documents, the others sub-documents to their parents (05 A4). */
  readonly groups: readonly GroupPlan[]
  readonly root: GroupPlan
  /** Of children without children. Those with children are moved by their own stage. */
  readonly routers: readonly RouterPlan[]
  readonly dimensions: readonly DimensionPlan[]
}

/** Moves the rows of a child dataset under their parent's key (05 A2). */
export interface RouterPlan {
  /** Path of the list, joined by dots: names the hop and index topics. */
  readonly edge: string
  /** Of the edge within the view: names its index in the store. */
  readonly number: number
  /** Stage of the parent, and which of its edges this is. */
  readonly stage: number
  readonly edgeIndex: number
  readonly dataset: string
  /** What is read of a record, for compileRowReader. The first `projected` values travel. */
  readonly names: readonly string[]
  readonly projected: number
  /** Where the foreign key's columns stand in `names`, in the order of the parent's key. */
  readonly foreignKey: readonly Place[]
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
  /** How many of `names` are kept. */
  readonly projected: number
  readonly references: readonly ReferencePlan[]
  readonly edges: readonly EdgePlan[]
  readonly aggregates: readonly AggregatePlan[]
  readonly layout: readonly LayoutPart<DocumentSlot>[]
  /** The edge that its documents go to; none: they are the view's documents. */
  readonly parent: RouterPlan | undefined
  /** Places of the row that travel behind the document: what the parent orders and counts by. */
  readonly travelling: readonly number[]
}

export type DocumentSlot =
  | { readonly kind: 'list'; readonly edge: number }
  | { readonly kind: 'aggregate'; readonly aggregate: AggregatePlan }
  | ReferenceSlot

export interface EdgePlan {
  readonly name: string
  /** Of the projected row. */
  readonly columns: readonly string[]
  /** Its rows are documents of a stage below: the first value is the text, and they apply by offset (05 A4). */
  readonly isDocument: boolean
  readonly references: readonly ReferencePlan[]
  /** Order of the list: places in the projected row. Ends with the primary key. */
  readonly sort: readonly (Place & { readonly descending: boolean })[]
  readonly limit: number | undefined
  readonly overflow: ListDefinition['overflow']
  readonly layout: readonly LayoutPart<DocumentSlot>[]
  /** Columns whose values are counted, ascending places in the projected row. */
  readonly counted: readonly Place[]
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
  new HeadraceError('aggregate.unsupported_view', `view ${view}: ${what} is not supported yet`)

/** Compiles a checked view. Throws aggregate.unsupported_view (see planRefusals), internal.bug for names that do not resolve. */
export const compilePlan = (definition: ViewDefinition): ViewPlan => {
  const { view, root } = definition
  const [refusal] = planRefusals(definition)
  if (refusal !== undefined) throw unsupported(view, refusal.what)
  const maker = new PlanMaker()
  const columns = new Columns(root)
  const stage = maker.stage()
  const references = maker.references(root, columns, stage)
  const group = maker.group(root, {
    stage,
    columns,
    references,
    projected: columns.names.length,
    aggregates: definition.aggregates,
    path: [],
    parent: undefined,
    travelling: [],
  })
  const { groups, routers, dimensions } = maker
  return { view, groups, root: group, routers, dimensions }
}

/** Names of a view's edges of every level: those of its hop and index topics (design 02 §2.3). */
export const edgeNames = ({ root }: ViewDefinition): readonly string[] => {
  const below = (node: NodeDefinition, prefix: string): readonly string[] =>
    node.lists.flatMap(list => [prefix + list.name, ...below(list.node, `${prefix}${list.name}.`)])
  return below(root, '')
}

interface GroupParts {
  readonly stage: number
  readonly columns: Columns
  readonly references: readonly CompiledReference[]
  readonly projected: number
  readonly aggregates: readonly AggregateDefinition[]
  readonly path: readonly string[]
  readonly parent: RouterPlan | undefined
  readonly travelling: readonly number[]
}

class PlanMaker {
  readonly groups: GroupPlan[] = []
  readonly routers: RouterPlan[] = []
  readonly dimensions: DimensionPlan[] = []
  private stages = 0
  private edges = 0

  stage(): number {
    return this.stages++
  }

  references(node: NodeDefinition, columns: Columns, stage: number): readonly CompiledReference[] {
    return node.references.map((reference, index) => {
      const number = this.dimensions.length
      const compiled = compileReference(reference, index, columns, { number, stage })
      this.dimensions.push(compiled.dimension)
      return compiled
    })
  }

  group(node: NodeDefinition, parts: GroupParts): GroupPlan {
    const { stage, columns, references, projected, parent, travelling } = parts
    const edges = node.lists.map((list, edgeIndex) => this.list(list, stage, edgeIndex, parts))
    const aggregates = parts.aggregates.map(aggregate => compileAggregate(node, aggregate, edges))
    const plan: GroupPlan = {
      stage,
      dataset: node.dataset,
      names: columns.names,
      projected,
      references: references.map(each => each.plan),
      edges: edges.map(each => each.edge),
      aggregates,
      layout: layoutOf(node, references, aggregates),
      parent,
      travelling,
    }
    this.groups.push(plan)
    return plan
  }

  private list(
    list: ListDefinition,
    stage: number,
    edgeIndex: number,
    { aggregates, path }: GroupParts,
  ): { readonly edge: EdgePlan; readonly countedColumns: readonly string[] } {
    const { node, name } = list
    const number = this.edges++
    const columns = new Columns(node)
    const sort = [...list.orderBy, ...node.primaryKey.map(column => ({ column, descending: false }))].map(
      ({ column, descending }) => ({ ...columns.place(column), descending }),
    )
    const counted = countedColumns(name, aggregates, columns)
    const below = node.lists.length > 0 ? this.stage() : undefined
    const references = this.references(node, columns, below ?? stage)
    const router: RouterPlan = {
      edge: [...path, name].join('.'),
      number,
      stage,
      edgeIndex,
      dataset: node.dataset,
      projected: columns.names.length,
      foreignKey: list.on.map(({ child }) => columns.place(child)),
      conditions: list.where.map(condition => compileCondition(condition, columns)),
      names: columns.names,
    }
    const edge = edgeOf(list, { sort, counted, references, columns: columns.names })
    const names = counted.map(({ index }) => columns.names[index]!)
    if (below === undefined) {
      this.routers.push(router)
      return { edge, countedColumns: names }
    }
    const travelling = ascendingPlaces([...sort, ...counted])
    const { projected } = router
    const parts = { stage: below, columns, references, projected, parent: router, travelling }
    this.group(node, { ...parts, aggregates: [], path: [...path, name] })
    return { edge: documentEdge(edge, travelling), countedColumns: names }
  }
}

const layoutOf = (
  node: NodeDefinition,
  references: readonly CompiledReference[],
  aggregates: readonly AggregatePlan[],
): readonly LayoutPart<DocumentSlot>[] =>
  compileLayout<DocumentSlot>(
    node.fields.map(field => field.as),
    [
      ...references.flatMap(each => each.slots),
      ...node.lists.map((list, index) => ({
        path: [list.name],
        slot: { kind: 'list', edge: index } as const,
      })),
      ...aggregates.map(aggregate => ({
        path: aggregate.path.split('.'),
        slot: { kind: 'aggregate', aggregate } as const,
      })),
    ],
  )

const edgeOf = (
  list: ListDefinition,
  {
    sort,
    counted,
    references,
    columns,
  }: Pick<EdgePlan, 'sort' | 'counted' | 'columns'> & { readonly references: readonly CompiledReference[] },
): EdgePlan => ({
  name: list.name,
  columns,
  isDocument: false,
  references: references.map(each => each.plan),
  sort,
  limit: list.limit,
  overflow: list.overflow,
  layout: layoutOf({ ...list.node, lists: [] }, references, []),
  counted,
  countedPlaces: counted.map(each => each.index),
  sortPlaces: ascendingPlaces(sort),
})

/** The same edge for rows that arrive as the text of their document with `travelling` values behind it. */
const documentEdge = (edge: EdgePlan, travelling: readonly number[]): EdgePlan => {
  const moved = <P extends Place>(place: P): P => ({ ...place, index: 1 + travelling.indexOf(place.index) })
  const sort = edge.sort.map(moved)
  const counted = edge.counted.map(moved)
  return {
    ...edge,
    isDocument: true,
    references: [],
    sort,
    counted,
    layout: [{ kind: 'value' }],
    countedPlaces: counted.map(each => each.index),
    sortPlaces: ascendingPlaces(sort),
  }
}

const countedColumns = (
  list: string,
  aggregates: readonly AggregateDefinition[],
  columns: Columns,
): EdgePlan['counted'] => {
  const places = new Map<number, ColumnType>()
  for (const aggregate of aggregates) {
    if (aggregate.list !== list || aggregate.column === undefined || aggregate.function === 'count') continue
    const { index, type } = columns.place(aggregate.column)
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
  node: NodeDefinition,
  aggregate: AggregateDefinition,
  lists: readonly { readonly edge: EdgePlan; readonly countedColumns: readonly string[] }[],
): AggregatePlan => {
  const edge = lists.findIndex(list => list.edge.name === aggregate.list)
  if (edge < 0)
    throw new HeadraceError('internal.bug', `aggregate ${aggregate.path} names no list of ${node.dataset}`)
  const { path, function: name, column } = aggregate
  if (column === undefined) return { path, function: name, edge, counted: -1, type: undefined }
  const list = lists[edge]!
  const counted = list.countedColumns.indexOf(column)
  return { path, function: name, edge, counted, type: list.edge.counted[counted]!.type }
}

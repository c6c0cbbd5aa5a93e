import { compilePlan, type DimensionPlan, type GroupPlan, type RouterPlan } from '@headrace/denormalise'
import { HeadraceError } from '@headrace/errors'
import {
  aggregatorGroup,
  type CompiledView,
  type Pipeline,
  referredDatasets,
  topicSizes,
} from '@headrace/pipeline'
import { type Contract, deriveMessage } from '@headrace/validation'
import { compileRowReader, type RowReader, schemaId } from '@headrace/wire'
import type { DeadDocuments } from './document-records.ts'
import { OtherContracts, WrittenContracts } from './other-contracts.ts'

/** How records of a validated topic become what a stage takes. */
export interface TypedInput {
  readonly names: readonly string[]
  readonly schema: number
  readonly read: RowReader
  /** Of records that another version of the contract wrote. */
  readonly others: OtherContracts
}

/** An edge of any level with its topics (05 A2). */
export interface EdgeInput {
  readonly plan: RouterPlan
  readonly hopTopic: string
  readonly indexTopic: string
  /** Of a row that it carries. */
  readonly maxBytes: number
}

/** A router of the view: of an edge whose children have no children. */
export type RouterInput = EdgeInput & TypedInput

/** A group stage that takes the rows of a topic as its own. */
export interface RootInput extends TypedInput {
  readonly plan: GroupPlan
}

/** One topic that the view's group subscribes to, and everybody here who reads it: one dataset can be child and root at once (05 A6). */
export interface TopicInput {
  readonly topic: string
  readonly routers: readonly RouterInput[]
  readonly roots: readonly RootInput[]
  /** Edge whose hop records these are. */
  readonly hop: RouterPlan | undefined
}

/** A dataset that every partition reads as a whole (05 A3). */
export interface BroadcastInput {
  readonly topic: string
  readonly dimensions: readonly (TypedInput & { readonly plan: DimensionPlan })[]
}

/** A view as topics and stages: the same in every process of the service. */
export interface ViewInputs {
  readonly view: string
  readonly plan: string
  readonly partitions: number
  readonly groupId: string
  /** Bottom up; the last one makes the view's documents. */
  readonly groups: readonly GroupPlan[]
  readonly routers: readonly RouterInput[]
  readonly edges: readonly EdgeInput[]
  readonly topics: readonly TopicInput[]
  readonly broadcasts: readonly BroadcastInput[]
  readonly documentTopic: string
  readonly maxDocumentBytes: number
  /** Largest record that is written. */
  readonly maxRecordBytes: number
  readonly dead: DeadDocuments
  readonly written: WrittenContracts
}

/** Positions of so many broadcast partitions fit into the metadata of an offset (Kafka's default: 4 kB). */
const MAX_BROADCAST_PARTITIONS = 180

export const viewInputs = (pipeline: Pipeline, compiled: CompiledView): ViewInputs => {
  const { name, definition, plan } = compiled
  const { topics, partitions, limits } = pipeline
  const { groups, routers: routerPlans, dimensions } = compilePlan(definition)
  const written = new WrittenContracts(pipeline)
  const typed = (dataset: string, names: readonly string[]): TypedInput =>
    typedInput(contractOf(pipeline, dataset), names, written)
  const edgeOf = (edge: RouterPlan): EdgeInput => ({
    plan: edge,
    hopTopic: topics.hop(name, plan, edge.edge),
    indexTopic: topics.index(name, plan, edge.edge),
    maxBytes: limits.documentBytes,
  })
  const routers = routerPlans.map(router => ({
    ...typed(router.dataset, router.names),
    ...edgeOf(router),
  }))
  const between = groups.flatMap(({ parent }) => (parent === undefined ? [] : [edgeOf(parent)]))
  const edges = [...routers, ...between].sort((a, b) => a.plan.number - b.plan.number)
  const broadcasts = referredDatasets(definition).map(dataset => ({
    topic: topics.validated(dataset),
    dimensions: dimensions
      .filter(each => each.dataset === dataset)
      .map(each => ({ ...typed(dataset, each.names), plan: each })),
  }))
  if (broadcasts.length * partitions > MAX_BROADCAST_PARTITIONS) {
    throw new HeadraceError(
      'aggregate.unsupported_view',
      `view ${name} refers to ${broadcasts.length} datasets of ${partitions} partitions; together they may have ${MAX_BROADCAST_PARTITIONS}`,
    )
  }
  return {
    view: name,
    plan,
    partitions,
    groupId: aggregatorGroup(pipeline, compiled),
    groups,
    routers,
    edges,
    broadcasts,
    documentTopic: topics.documents(name, plan),
    maxDocumentBytes: limits.documentBytes,
    maxRecordBytes: topicSizes(limits).topics.documents,
    dead: {
      topic: topics.dead(definition.root.dataset),
      contract: contractOf(pipeline, definition.root.dataset),
      view: { name, plan },
    },
    written,
    topics: [
      ...ownTopics(pipeline, groups, routers, typed),
      ...edges.map(({ hopTopic, plan: hop }) => ({ topic: hopTopic, routers: [], roots: [], hop })),
    ],
  }
}

/** Validated topics that are keyed by what a stage or a router of the same partition needs; the view's root first. */
const ownTopics = (
  { topics }: Pipeline,
  groups: readonly GroupPlan[],
  routers: readonly RouterInput[],
  typed: (dataset: string, names: readonly string[]) => TypedInput,
): readonly TopicInput[] => {
  const topDown = [...groups].reverse()
  const datasets = new Set([...topDown, ...routers.map(({ plan }) => plan)].map(({ dataset }) => dataset))
  return [...datasets].map(dataset => ({
    topic: topics.validated(dataset),
    routers: routers.filter(router => router.plan.dataset === dataset),
    roots: groups
      .filter(group => group.dataset === dataset)
      .map(group => ({ ...typed(dataset, group.names), plan: group })),
    hop: undefined,
  }))
}

const contractOf = ({ datasets }: Pipeline, dataset: string): Contract => {
  const found = datasets.get(dataset)
  if (found === undefined)
    throw new HeadraceError('internal.bug', `a view names dataset ${dataset}, which the pipeline has not`)
  return found.contract
}

const typedInput = (contract: Contract, names: readonly string[], written: WrittenContracts): TypedInput => {
  const message = deriveMessage(contract)
  return {
    names,
    schema: schemaId(message),
    read: compileRowReader(message, names),
    others: new OtherContracts(contract.dataset, message, names, written),
  }
}

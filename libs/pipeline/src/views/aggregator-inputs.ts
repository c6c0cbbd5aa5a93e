import { compilePlan, edgeNames, type NodeDefinition, type ViewDefinition } from '@headrace/denormalise'
import type { CompiledView, Pipeline } from '../pipeline.ts'

/** The consumer group that makes a view's documents. */
export const aggregatorGroup = ({ name: pipeline }: Pick<Pipeline, 'name'>, view: CompiledView): string =>
  `${pipeline}.aggregator.${view.name}.${view.plan}`

/** The consumer group that judges all datasets of a pipeline. */
export const validatorGroup = (pipeline: string): string => `${pipeline}.validator`

/**
 * Datasets that every partition reads as a whole (05 A3), in the order of their positions in the metadata of committed offsets.
 */
export const referredDatasets = (definition: ViewDefinition): readonly string[] => [
  ...new Set(compilePlan(definition).dimensions.map(({ dataset }) => dataset)),
]

/** What that group consumes. */
export interface AggregatorInputs {
  /** Validated topics of the root, which comes first, and of all lists, and hop topics. */
  readonly topics: readonly string[]
  /** Validated topics of what is referred to: read without the group, their positions stand beside those in the first topic. */
  readonly broadcasts: readonly string[]
  /** Raw topics of everything that is in a document. */
  readonly rawTopics: readonly string[]
  /** How many hops a row makes at most before it is in a document. */
  readonly hops: number
}

export const aggregatorInputs = (
  { topics }: Pick<Pipeline, 'topics'>,
  { name, plan, definition }: CompiledView,
): AggregatorInputs => {
  const validated = datasetsOf(definition.root).map(dataset => topics.validated(dataset))
  const hop = edgeNames(definition).map(edge => topics.hop(name, plan, edge))
  return {
    topics: [...new Set([...validated, ...hop])],
    broadcasts: referredDatasets(definition).map(dataset => topics.validated(dataset)),
    rawTopics: [...new Set(allDatasetsOf(definition.root))].map(dataset => topics.raw(dataset)),
    hops: levelsOf(definition.root),
  }
}

const datasetsOf = ({ dataset, lists }: NodeDefinition): readonly string[] => [
  dataset,
  ...lists.flatMap(({ node }) => datasetsOf(node)),
]

/** Those that are only referred to as well. */
const allDatasetsOf = ({ dataset, lists, references }: NodeDefinition): readonly string[] => [
  dataset,
  ...[...lists, ...references].flatMap(({ node }) => allDatasetsOf(node)),
]

const levelsOf = ({ lists }: NodeDefinition): number =>
  Math.max(0, ...lists.map(({ node }) => 1 + levelsOf(node)))

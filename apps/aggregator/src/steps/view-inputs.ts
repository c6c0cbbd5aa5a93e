import { compilePlan, type GroupPlan, type RouterPlan } from '@headrace/denormalise'
import { HeadraceError } from '@headrace/errors'
import type { CompiledView, Pipeline } from '@headrace/pipeline'
import { deriveMessage } from '@headrace/validation'
import { compileRowReader, type RowReader, schemaId } from '@headrace/wire'

/** How records of a validated topic become what a stage takes. */
export interface TypedInput {
  readonly names: readonly string[]
  readonly schema: number
  readonly read: RowReader
}

/** A router of the view with its topics. */
export interface RouterInput extends TypedInput {
  readonly plan: RouterPlan
  readonly hopTopic: string
  readonly indexTopic: string
}

/** One topic that the view's group subscribes to, and everybody here who reads it: one dataset can be child and root at once (05 A6). */
export interface TopicInput {
  readonly topic: string
  readonly routers: readonly RouterInput[]
  readonly root: TypedInput | undefined
  /** Edge whose hop records these are. */
  readonly hop: RouterPlan | undefined
}

/** A view as topics and stages: the same in every process of the service. */
export interface ViewInputs {
  readonly view: string
  readonly plan: string
  readonly partitions: number
  readonly groupId: string
  readonly group: GroupPlan
  readonly routers: readonly RouterInput[]
  readonly topics: readonly TopicInput[]
  readonly documentTopic: string
}

export const viewInputs = (pipeline: Pipeline, { name, definition, plan }: CompiledView): ViewInputs => {
  const { topics } = pipeline
  const compiled = compilePlan(definition)
  const group = compiled.groups[0]!
  const typed = (dataset: string, names: readonly string[]): TypedInput =>
    typedInput(pipeline, dataset, names)
  const routers = compiled.routers.map(router => ({
    ...typed(router.dataset, router.names),
    plan: router,
    hopTopic: topics.hop(name, plan, router.edge),
    indexTopic: topics.index(name, plan, router.edge),
  }))
  const datasets = new Set([group.dataset, ...compiled.routers.map(router => router.dataset)])
  return {
    view: name,
    plan,
    partitions: pipeline.partitions,
    groupId: `${pipeline.name}.aggregator.${name}.${plan}`,
    group,
    routers,
    documentTopic: topics.documents(name, plan),
    topics: [
      ...[...datasets].map(dataset => ({
        topic: topics.validated(dataset),
        routers: routers.filter(router => router.plan.dataset === dataset),
        root: dataset === group.dataset ? typed(dataset, group.names) : undefined,
        hop: undefined,
      })),
      ...routers.map(router => ({ topic: router.hopTopic, routers: [], root: undefined, hop: router.plan })),
    ],
  }
}

const typedInput = (pipeline: Pipeline, dataset: string, names: readonly string[]): TypedInput => {
  const found = pipeline.datasets.get(dataset)
  if (found === undefined)
    throw new HeadraceError('internal.bug', `a view names dataset ${dataset}, which the pipeline has not`)
  const message = deriveMessage(found.contract)
  return { names, schema: schemaId(message), read: compileRowReader(message, names) }
}

import { edgeNames } from '@headrace/denormalise'
import type { Contract } from '@headrace/validation'
import { type CompiledView, type Pipeline, TOMBSTONES_KEPT_MS, topicSizes } from '@headrace/pipeline'

/** What a topic's values are: decides how its incarnation marker is wrapped. `plain` topics carry no markers. */
export type TopicValues = 'raw' | 'validated' | 'hop' | 'route' | 'document' | 'plain'

export interface PlannedTopic {
  readonly topic: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
  readonly values: TopicValues
}

const DAY_MS = 86_400_000

const RAW_RETENTION_MS = 30 * DAY_MS
const DEAD_RETENTION_MS = 90 * DAY_MS

/** Descriptions of tables and contracts, positions: small, however large the rows are. */
const CONTROL_BYTES = 8 * 1_048_576

const deleting = (retentionMs: number, maxBytes: number): Record<string, string> => ({
  'cleanup.policy': 'delete',
  'retention.ms': String(retentionMs),
  'max.message.bytes': String(maxBytes),
})

const compacting = (maxBytes: number): Record<string, string> => ({
  'cleanup.policy': 'compact',
  'delete.retention.ms': String(TOMBSTONES_KEPT_MS),
  'max.message.bytes': String(maxBytes),
})

const datasetTopics = (
  { topics, partitions, limits }: Pipeline,
  name: string,
  { kind }: Contract,
): readonly PlannedTopic[] => {
  const { raw, validated, dead } = topicSizes(limits).topics
  return [
    { topic: topics.raw(name), partitions, values: 'raw', config: deleting(RAW_RETENTION_MS, raw) },
    {
      topic: topics.validated(name),
      partitions,
      values: 'validated',
      config: kind === 'change' ? compacting(validated) : deleting(RAW_RETENTION_MS, validated),
    },
    { topic: topics.dead(name), partitions, values: 'plain', config: deleting(DEAD_RETENTION_MS, dead) },
  ]
}

/** What a view's aggregator writes: hop and index topics, documents. */
export const viewTopics = (
  { topics, partitions, limits }: Pipeline,
  { name, plan, definition }: CompiledView,
): readonly PlannedTopic[] => {
  const { hop, documents } = topicSizes(limits).topics
  return [
    ...edgeNames(definition).flatMap<PlannedTopic>(edge => [
      { topic: topics.hop(name, plan, edge), partitions, values: 'hop', config: compacting(hop) },
      {
        topic: topics.index(name, plan, edge),
        partitions,
        values: 'route',
        config: compacting(CONTROL_BYTES),
      },
    ]),
    { topic: topics.documents(name, plan), partitions, values: 'document', config: compacting(documents) },
  ]
}

/** All topics of a pipeline (design 02 §2.3), control topics first. Pure. */
export const topicPlan = (pipeline: Pipeline): readonly PlannedTopic[] => {
  const { relations, positions, contracts, control } = pipeline.topics
  return [
    ...[relations, positions, contracts, control].map<PlannedTopic>(topic => ({
      topic,
      partitions: 1,
      values: 'plain',
      config: compacting(CONTROL_BYTES),
    })),
    ...[...pipeline.datasets.values()].flatMap(({ name, contract }) =>
      datasetTopics(pipeline, name, contract),
    ),
    ...[...pipeline.views.values()].flatMap(view => viewTopics(pipeline, view)),
  ]
}

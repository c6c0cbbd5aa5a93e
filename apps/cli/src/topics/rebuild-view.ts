import { setTimeout as delay } from 'node:timers/promises'
import { codeOf, HeadraceError } from '@headrace/errors'
import type { Kafka, KafkaAdmin } from '@headrace/kafka'
import { aggregatorGroup, aggregatorInputs, type CompiledView, type Pipeline } from '@headrace/pipeline'
import { type AppliedTopics, applyTopics } from './apply-topics.ts'
import { viewTopics } from './topic-plan.ts'

const GONE_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 200

const STOP =
  'Stop the aggregators (Ctrl-C in `headrace dev`; in Kubernetes, scale them to 0; one that was killed counts for some seconds more)'

/** What stands between a view and documents that are made anew. */
export interface MadeOfView {
  readonly view: CompiledView
  readonly group: string
  /** Those that exist. */
  readonly topics: readonly string[]
}

/** Throws remove.in_use while an aggregator is at work: it would go on with half of its state. */
export const madeOfView = async (
  { admin }: Kafka,
  pipeline: Pipeline,
  view: CompiledView,
): Promise<MadeOfView> => {
  const group = aggregatorGroup(pipeline, view)
  await refuseMembers(admin, view, group)
  const there = new Set(await admin.list())
  const topics = viewTopics(pipeline, view).map(({ topic }) => topic)
  return { view, group, topics: topics.filter(topic => there.has(topic)) }
}

/**
 * Forgets how far the view was made, and makes its topics anew. The group goes first: if this ends in between, the aggregator says so
 * (aggregate.past_unknown, kafka.topic_missing), and it can be run again. Throws remove.in_use when an aggregator was started meanwhile.
 */
export const rebuildView = async (
  kafka: Kafka,
  pipeline: Pipeline,
  { view, group, topics }: MadeOfView,
): Promise<AppliedTopics> => {
  const { admin } = kafka
  await refuseMembers(admin, view, group)
  // waits for a transaction that is still open: it could commit after the group is gone
  await isCommitted(admin, pipeline, view)
  await admin.deleteGroup(group)
  if (await isCommitted(admin, pipeline, view)) {
    throw inUse(view, `consumer group ${group}`, `${STOP}, and run the command again.`)
  }
  await admin.delete(topics)
  await gone(admin, topics)
  // whoever came since the group was deleted stands behind records that are gone; nobody can start until the topics are there
  await admin.deleteGroup(group).catch((error: unknown) => {
    if (codeOf(error) !== 'remove.in_use') throw error
    const hint = `The view's topics are removed and not made anew yet. ${STOP}, and run the command again.`
    throw inUse(view, `consumer group ${group}`, hint)
  })
  return applyTopics(kafka, pipeline.name, viewTopics(pipeline, view))
}

const inUse = (view: CompiledView, where: string, hint: string): HeadraceError =>
  new HeadraceError('remove.in_use', `an aggregator works on the view ${view.name}`, { where, hint })

const refuseMembers = async (admin: KafkaAdmin, view: CompiledView, group: string): Promise<void> => {
  const members = await admin.memberCount(group)
  if (members === 0) return
  const where = `consumer group ${group}, members: ${members}`
  throw inUse(view, where, `${STOP}, rebuild, and start them again.`)
}

/** Whether the aggregator stands anywhere. */
const isCommitted = async (admin: KafkaAdmin, pipeline: Pipeline, view: CompiledView): Promise<boolean> => {
  const partitions = Array.from({ length: pipeline.partitions }, (_, partition) => partition)
  const { topics } = aggregatorInputs(pipeline, view)
  const committed = await admin.committed(
    aggregatorGroup(pipeline, view),
    Object.fromEntries(topics.map(topic => [topic, partitions])),
  )
  return committed.some(({ next }) => next !== null)
}

const gone = async (admin: KafkaAdmin, topics: readonly string[]): Promise<void> => {
  const giveUp = performance.now() + GONE_WITHIN_MS
  for (let left = topics; left.length > 0;) {
    const there = new Set(await admin.list())
    left = topics.filter(topic => there.has(topic))
    if (left.length > 0 && performance.now() > giveUp) {
      throw new HeadraceError('kafka.unreachable', `Kafka has not removed ${left.join(', ')} yet`, {
        hint: 'Run the command again.',
      })
    }
    if (left.length > 0) await delay(LOOK_EVERY_MS)
  }
}

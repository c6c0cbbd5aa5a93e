import { setTimeout as delay } from 'node:timers/promises'
import { codeOf, HeadraceError } from '@headrace/errors'
import type { Kafka } from '@headrace/kafka'
import { aggregatorGroup, type CompiledView, type Pipeline } from '@headrace/pipeline'
import { type AppliedTopics, applyTopics } from './apply-topics.ts'
import { topicPlan, viewTopics } from './topic-plan.ts'

const GONE_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 200

/** What stands between a view and documents that are made anew. */
export interface MadeOfView {
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
  const members = await admin.memberCount(group)
  if (members > 0) {
    throw new HeadraceError('remove.in_use', `an aggregator works on the view ${view.name}`, {
      where: `consumer group ${group}, members: ${members}`,
      hint: 'Stop the aggregators (Ctrl-C in `headrace dev`; in Kubernetes, scale them to 0), rebuild, and start them again.',
    })
  }
  const there = new Set(await admin.list())
  const topics = viewTopics(pipeline, view).map(({ topic }) => topic)
  return { group, topics: topics.filter(topic => there.has(topic)) }
}

/**
 * Forgets how far the view was made, and makes its topics anew. The group goes first: if this ends in between, the aggregator says so
 * (aggregate.past_unknown), and it can be run again.
 */
export const rebuildView = async (
  kafka: Kafka,
  pipeline: Pipeline,
  { group, topics }: MadeOfView,
): Promise<AppliedTopics> => {
  const { admin } = kafka
  await admin.deleteGroup(group).catch((error: unknown) => {
    // a group that never was, or that Kafka forgot, is as good as removed
    if (codeOf(error) !== 'kafka.refused') throw error
  })
  await admin.delete(topics)
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
  return applyTopics(kafka, pipeline.name, topicPlan(pipeline))
}

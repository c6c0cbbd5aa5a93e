import { HeadraceError } from '@headrace/errors'
import type { Kafka } from '@headrace/kafka'
import type { Pipeline } from '@headrace/pipeline'
import type { Failpoints, Health } from '@headrace/runtime'
import type { Config } from './config.ts'
import type { Events } from './events.ts'
import { runView } from './steps/view-loop.ts'
import { viewInputs, type ViewInputs } from './steps/view-inputs.ts'

export interface AggregatorOptions {
  readonly pipeline: Pipeline
  readonly kafka: Kafka
  readonly settings: Config
  readonly events: Events
  readonly health: Health
  readonly failpoint: Failpoints
}

/** Validated topics to document topics, every view on its own: a group, a writer and a loop each (05). */
export const runAggregator = async (options: AggregatorOptions, signal: AbortSignal): Promise<void> => {
  const { pipeline, kafka, health } = options
  const views = [...pipeline.views.values()].map(view => viewInputs(pipeline, view))
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const ready = new Map(views.map(({ view }) => [view, false]))
  const onTurn = (view: string, isReady: boolean): void => {
    health.turned()
    ready.set(view, isReady)
    if (signal.aborted) health.notReady('draining')
    else if ([...ready.values()].every(Boolean)) health.ready()
    else health.starting('joining or restoring')
  }
  try {
    await Promise.all(
      views.map(view => {
        const check = async (): Promise<void> => {
          await kafka.admin.checkVersion()
          await requireTopics(kafka, view)
        }
        return runView({ ...options, view, check, onTurn: isReady => onTurn(view.view, isReady) }, either)
      }),
    )
  } finally {
    stop.abort()
  }
}

/** Services never make topics; a wrong partition count would break every join (design 02 §2.3). */
const requireTopics = async ({ admin }: Kafka, view: ViewInputs): Promise<void> => {
  const data = [
    ...view.topics.map(({ topic }) => topic),
    ...view.broadcasts.map(({ topic }) => topic),
    ...view.edges.map(({ indexTopic }) => indexTopic),
    view.documentTopic,
    view.dead.topic,
  ]
  for (const topic of [...view.written.topics, ...data]) {
    const found = await admin.describe(topic)
    if (found === null) {
      throw new HeadraceError('kafka.topic_missing', `the topic ${topic} does not exist`, {
        hint: 'Run `headrace topics apply`.',
      })
    }
    if (data.includes(topic) && found.partitions !== view.partitions) {
      throw new HeadraceError(
        'kafka.partition_mismatch',
        `${topic} has ${found.partitions} partitions, the pipeline says ${view.partitions}`,
      )
    }
  }
}

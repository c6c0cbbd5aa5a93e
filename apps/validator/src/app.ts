import { type ErrorCode, HeadraceError } from '@headrace/errors'
import { beginAnew } from '@headrace/runtime'
import { schemaId } from '@headrace/wire'
import { RelationBook } from './adapters/relation-book.ts'
import { DatasetStep } from './steps/dataset-step.ts'
import { Session, type SessionOptions } from './steps/session.ts'

export interface ValidatorAppOptions extends SessionOptions {
  /** How long an unknown relation is waited for. */
  readonly relationPatienceMs?: number
}

/** Nothing is lost and nothing is wrong with the data: wait, and go on from the committed offsets (04 K13). */
const PASSING: readonly ErrorCode[] = ['kafka.unreachable', 'kafka.transaction_lost', 'kafka.fenced']

/**
 * Validates all datasets of a pipeline until the signal fires. When Kafka is away, or the group moved on, a new session
 * begins at the committed offsets; every other error ends the process, which replays (design 02 §2.5).
 */
export const runValidator = async (options: ValidatorAppOptions, signal: AbortSignal): Promise<void> => {
  const { pipeline, kafka, events, health, relationPatienceMs } = options
  const reader = kafka.reader()
  const relations = new RelationBook({
    reader,
    topic: pipeline.topics.relations,
    awaited: events.relationAwaited,
    ...(relationPatienceMs === undefined ? {} : { patienceMs: relationPatienceMs }),
  })
  const steps = [...pipeline.datasets.values()].map(
    dataset => new DatasetStep(pipeline, dataset, fingerprint => relations.known(fingerprint), Date.now),
  )
  events.starting(
    steps.map(({ dataset, schema, unenforced }) => ({ dataset, schemaId: schemaId(schema), unenforced })),
  )
  try {
    await beginAnew(
      {
        passing: PASSING,
        run: async progressed => {
          await requireTopics(options)
          await new Session(options, steps, relations).run(signal, progressed)
        },
        lost: events.sessionLost,
        health,
      },
      signal,
    )
  } finally {
    await reader.stop()
  }
}

/** Services never make topics; a wrong partition count would break every join behind us (design 02 §2.3). */
const requireTopics = async ({ kafka, pipeline }: ValidatorAppOptions): Promise<void> => {
  const { topics, partitions } = pipeline
  const hint = 'Run `headrace topics apply`.'
  const data = [...pipeline.datasets.keys()].flatMap(name => [
    topics.raw(name),
    topics.validated(name),
    topics.dead(name),
  ])
  for (const topic of [topics.relations, topics.contracts, ...data]) {
    const found = await kafka.admin.describe(topic)
    if (found === null)
      throw new HeadraceError('kafka.topic_missing', `the topic ${topic} does not exist`, { hint })
    if (data.includes(topic) && found.partitions !== partitions) {
      throw new HeadraceError(
        'kafka.partition_mismatch',
        `${topic} has ${found.partitions} partitions, the pipeline says ${partitions}`,
      )
    }
  }
}

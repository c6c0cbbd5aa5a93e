import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import {
  createKafka,
  type FencedWriter,
  type IncomingRecord,
  type Kafka,
  type OutgoingRecord,
} from '@headrace/kafka'
import type { Pipeline } from '@headrace/pipeline'
import { createFailpoints, Health } from '@headrace/runtime'
import { createLogger, Metrics } from '@headrace/telemetry'
import { backends, nodeCommand, uniqueName } from '@headrace/testkit'
import { deriveMessage } from '@headrace/validation'
import {
  compileRowReader,
  isMarkerKey,
  MARKER_SCHEMA_ID,
  Marker,
  RelationDescription,
  type TypedRow,
  unframe,
} from '@headrace/wire'
import { runValidator } from '../app.ts'
import { createEvents } from '../events.ts'
import { testPipeline } from './test-pipeline.ts'

export interface RunningValidator {
  readonly done: Promise<void>
  stop(): Promise<void>
}

/** One record of a validated topic. */
export type Seen =
  | { readonly kind: 'row'; readonly key: string; readonly row: TypedRow }
  | { readonly kind: 'tombstone'; readonly key: string }
  | { readonly kind: 'marker'; readonly marker: Marker }

export interface Harness {
  readonly pipeline: Pipeline
  readonly kafka: Kafka
  write(records: readonly OutgoingRecord[]): Promise<void>
  describe(relation: RelationDescription): Promise<void>
  start(options?: { readonly relationPatienceMs?: number }): RunningValidator
  spawn(failpoints?: string): ChildProcess
  records(topic: string): Promise<readonly (IncomingRecord & { readonly partition: number })[]>
  /** Everything committed in a validated topic, partition by partition. */
  validated(dataset: string): Promise<readonly Seen[]>
  stop(): Promise<void>
}

const connect = (clientId: string): Kafka => createKafka({ brokers: backends().kafkaBrokers, clientId })

/** Runs the service's own code in this process. */
export const startValidator = (
  pipeline: Pipeline,
  relationPatienceMs = 20_000,
  failpoints = '',
): RunningValidator => {
  const kafka = connect(`${pipeline.name}-validator`)
  const log = createLogger({ service: 'validator', level: 'debug', destination: { write: () => undefined } })
  const stop = new AbortController()
  const done = runValidator(
    {
      pipeline,
      kafka,
      instance: 'validator-0',
      compression: 'none',
      turn: { records: 500, ms: 50 },
      // the least that brokers allow by default: a killed member's successor has to wait for it
      sessionTimeoutMs: 6000,
      events: createEvents(log, new Metrics('validator')),
      health: new Health(),
      failpoints: createFailpoints(failpoints),
      relationPatienceMs,
    },
    stop.signal,
  ).finally(() => kafka.stop())
  done.catch(() => undefined)
  return {
    done,
    stop: async () => {
      stop.abort()
      await done
    },
  }
}

/** Exit status, or the signal that ended it. */
export const ended = async (child: ChildProcess): Promise<number | string> => {
  if (child.exitCode !== null) return child.exitCode
  if (child.signalCode !== null) return child.signalCode
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return code ?? signal ?? 'unknown'
}

const topicsOf = ({ topics, partitions, datasets }: Pipeline) => [
  ...[topics.relations, topics.contracts].map(topic => ({ topic, partitions: 1, config: {} })),
  ...[...datasets.keys()].flatMap(name =>
    [topics.raw(name), topics.validated(name), topics.dead(name)].map(topic => ({
      topic,
      partitions,
      config: {},
    })),
  ),
]

const seenOf = (pipeline: Pipeline, dataset: string): ((record: IncomingRecord) => Seen) => {
  const contract = pipeline.datasets.get(dataset)!.contract
  const read = compileRowReader(
    deriveMessage(contract),
    contract.fields.map(({ name }) => name),
  )
  return ({ key, value }) => {
    const text = key!.toString()
    if (value === null) return { kind: 'tombstone', key: text }
    const { schemaId, payload } = unframe(value)
    if (schemaId === MARKER_SCHEMA_ID) return { kind: 'marker', marker: Marker.decode(payload) }
    if (isMarkerKey(key)) throw new Error('a marker key without a marker')
    return { kind: 'row', key: text, row: read(payload) }
  }
}

const readTopic = async (
  kafka: Kafka,
  topic: string,
): Promise<readonly (IncomingRecord & { readonly partition: number })[]> => {
  const reader = kafka.reader()
  const all: (IncomingRecord & { readonly partition: number })[] = []
  const { partitions } = (await kafka.admin.describe(topic))!
  for (let partition = 0; partition < partitions; partition++) {
    const { start } = await reader.bounds(topic, partition)
    for await (const part of reader.readToEnd(topic, partition, start)) {
      for (const record of part.records) all.push({ ...record, partition })
    }
  }
  await reader.stop()
  return all
}

/** Topics and names of a test's own; raw records are written by hand. */
export const createHarness = async (): Promise<Harness> => {
  const pipeline = testPipeline(uniqueName('validator'))
  const kafka = connect(pipeline.name)
  const topics = topicsOf(pipeline)
  await kafka.admin.ensure(topics)
  // a machine that stands still for a while ends no transaction of a test
  const writer: FencedWriter = await kafka.writer({
    name: `${pipeline.name}.test`,
    transactionTimeoutMs: 60_000,
  })
  return {
    pipeline,
    kafka,
    write: records => writer.write({ records }),
    describe: relation =>
      writer.write({
        records: [
          {
            topic: pipeline.topics.relations,
            partition: 0,
            key: Buffer.from(relation.fingerprint.toString(16)),
            value: Buffer.from(RelationDescription.encode(relation).finish()),
          },
        ],
      }),
    start: ({ relationPatienceMs } = {}) => startValidator(pipeline, relationPatienceMs),
    spawn: (failpoints = '') => {
      const { command, args } = nodeCommand()
      const program = join(import.meta.dirname, 'validator-program.ts')
      return spawn(command, [...args, program, pipeline.name, failpoints], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    },
    records: topic => readTopic(kafka, topic),
    validated: async dataset =>
      (await readTopic(kafka, pipeline.topics.validated(dataset))).map(seenOf(pipeline, dataset)),
    stop: async () => {
      await writer.stop()
      await kafka.admin.deleteGroup(`${pipeline.name}.validator`).catch(() => undefined)
      await kafka.admin.delete(topics.map(({ topic }) => topic)).catch(() => undefined)
      await kafka.stop()
    },
  }
}

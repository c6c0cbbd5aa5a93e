import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createKafka, type IncomingRecord, type Kafka } from '@headrace/kafka'
import { DEFAULT_LIMITS, topicSizes } from '@headrace/pipeline'
import { createFailpoints, Health } from '@headrace/runtime'
import { createLogger, Metrics } from '@headrace/telemetry'
import { backends, createDatabase, nodeCommand, type TestDatabase, uniqueName } from '@headrace/testkit'
import { isMarkerKey, Op, type Position, RawRecord, topicNames } from '@headrace/wire'
import { runCapture } from '../app.ts'
import { createEvents } from '../events.ts'
import type { Delivery, DeliveryLimits } from '../steps/delivery.ts'
import { testPipeline, type TestTable, type TestWiring } from './test-pipeline.ts'

export const testKafka = (clientId: string): Kafka =>
  createKafka({ brokers: backends().kafkaBrokers, clientId })

export interface StartOptions {
  /** Of the contract of every table; default: as the harness was made. */
  readonly columns?: readonly string[] | undefined
  readonly limits?: Partial<DeliveryLimits>
  readonly observe?: (delivery: Delivery) => void
  readonly held?: () => Promise<void>
  readonly watchMs?: number
  readonly health?: Health
  /** Default: that of the backends. Stopped with the capture. */
  readonly kafka?: Kafka
  readonly log?: (line: string) => void
}

/** A capture in this process. */
export interface RunningCapture {
  /** Ends when it is stopped; rejects when it fails. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

export const startCapture = (wiring: TestWiring, url: string, options: StartOptions = {}): RunningCapture => {
  const { limits, observe, held, watchMs, columns } = options
  const tables = wiring.tables.map(table => (columns === undefined ? table : { ...table, columns }))
  const pipeline = testPipeline({ ...wiring, tables })
  const kafka = options.kafka ?? testKafka(`${wiring.pipeline}-capture`)
  const log = createLogger({
    service: 'capture',
    level: 'debug',
    destination: { write: line => options.log?.(line) },
  })
  const stop = new AbortController()
  const done = runCapture(
    {
      pipeline,
      source: pipeline.sources[0]!,
      connection: { url },
      kafka,
      events: createEvents(log, new Metrics('capture')),
      health: options.health ?? new Health(),
      failpoints: createFailpoints(''),
      ...(limits === undefined ? {} : { limits }),
      ...(observe === undefined ? {} : { observe }),
      ...(held === undefined ? {} : { held }),
      ...(watchMs === undefined ? {} : { watchMs }),
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

/** A capture in a process of its own, to be killed. */
export const spawnCapture = (wiring: TestWiring, url: string, failpoints = ''): ChildProcess => {
  const { command, args } = nodeCommand()
  const program = join(import.meta.dirname, 'capture-program.ts')
  return spawn(command, [...args, program, JSON.stringify(wiring), url, failpoints], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Exit status, or the signal that ended it. */
export const ended = async (child: ChildProcess): Promise<number | string> => {
  if (child.exitCode !== null) return child.exitCode
  if (child.signalCode !== null) return child.signalCode
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return code ?? signal ?? 'unknown'
}

/** One record of a raw topic as tests look at it. */
export interface SeenChange {
  readonly partition: number
  readonly key: string
  readonly op: Op
  readonly position: Position
  readonly snapshot: boolean
  readonly relation: bigint
  /** Column texts, null, or undefined for one that was not sent. */
  readonly old: readonly (string | null | undefined)[] | undefined
  readonly row: readonly (string | null | undefined)[] | undefined
  /** Of a marker; then op is UNSPECIFIED. */
  readonly marker: number | undefined
  /** Not 0: the row was too large and has its key alone. */
  readonly tooLargeBytes: number
}

const cells = (
  tuple: { kinds: Uint8Array; values: Uint8Array[] } | undefined,
): (string | null | undefined)[] | undefined => {
  if (tuple === undefined) return undefined
  let next = 0
  return [...tuple.kinds].map(kind => {
    if (kind === 0x74) return Buffer.from(tuple.values[next++]!).toString()
    return kind === 0x6e ? null : undefined
  })
}

const seen = (partition: number, { key, value }: IncomingRecord): SeenChange => {
  const { record } = RawRecord.decode(value!)
  if (record?.$case === 'marker') {
    const { position, kind } = record.value
    return {
      partition,
      key: key!.toString('hex'),
      op: Op.UNSPECIFIED,
      position: position!,
      snapshot: false,
      relation: 0n,
      old: undefined,
      row: undefined,
      marker: kind,
      tooLargeBytes: 0,
    }
  }
  if (record?.$case !== 'change') throw new Error(`a record of the kind ${record?.$case ?? 'none'}`)
  const { origin, relation, old, new: row, tooLargeBytes } = record.value
  const { epoch, commitLsn, ordinal, op, snapshot } = origin!
  return {
    partition,
    key: key!.toString(),
    op,
    position: { epoch, commitLsn, ordinal },
    snapshot,
    relation,
    old: cells(old),
    row: cells(row),
    marker: undefined,
    tooLargeBytes,
  }
}

export interface Harness extends TestWiring {
  readonly database: TestDatabase
  readonly kafka: Kafka
  start(options?: StartOptions): RunningCapture
  spawn(failpoints?: string): ChildProcess
  /** Everything committed in a table's raw topic, partition by partition in order. */
  changes(table: string): Promise<readonly SeenChange[]>
  records(topic: string): Promise<readonly IncomingRecord[]>
  stop(): Promise<void>
}

/** A database, topics and names of a test's own. `ddl` makes the tables. */
export const createHarness = async (
  tables: readonly TestTable[],
  ddl: string,
  partitions = 3,
  rowBytes = DEFAULT_LIMITS.rowBytes,
): Promise<Harness> => {
  const pipeline = uniqueName('capture')
  const slot = pipeline.replaceAll('-', '_')
  const wiring: TestWiring = { pipeline, partitions, tables, slot, rowBytes }
  const database = await createDatabase('capture')
  await database.query(ddl)
  const kafka = testKafka(pipeline)
  const topics = topicNames(pipeline)
  const bytes = topicSizes({ ...DEFAULT_LIMITS, rowBytes }).topics.raw
  const config = { 'cleanup.policy': 'delete', 'max.message.bytes': String(bytes) }
  await kafka.admin.ensure([
    ...tables.map(({ name }) => ({ topic: topics.raw(name), partitions, config })),
    { topic: topics.positions, partitions: 1, config: { 'cleanup.policy': 'compact' } },
    { topic: topics.relations, partitions: 1, config: { 'cleanup.policy': 'compact' } },
  ])
  const records = async (topic: string, partition = 0): Promise<readonly IncomingRecord[]> => {
    const reader = kafka.reader()
    const all: IncomingRecord[] = []
    for await (const batch of reader.readToEnd(topic, partition, 0n)) {
      for (const record of batch.records)
        all.push({
          ...record,
          key: record.key && Buffer.from(record.key),
          value: record.value && Buffer.from(record.value),
        })
    }
    await reader.stop()
    return all
  }
  return {
    ...wiring,
    database,
    kafka,
    records,
    start: options => startCapture(wiring, database.url, options),
    spawn: failpoints => spawnCapture(wiring, database.url, failpoints),
    changes: async table => {
      const all: SeenChange[] = []
      for (let partition = 0; partition < partitions; partition += 1) {
        for (const record of await records(topics.raw(table), partition)) all.push(seen(partition, record))
      }
      return all
    },
    stop: async () => {
      await kafka.admin.delete([
        ...tables.map(({ name }) => topics.raw(name)),
        topics.positions,
        topics.relations,
      ])
      await kafka.stop()
      await database.drop()
    },
  }
}

export const isMarker = (record: IncomingRecord): boolean => isMarkerKey(record.key)

import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKafka, type FencedWriter, type Kafka, type OutgoingRecord } from '@headrace/kafka'
import type { Pipeline } from '@headrace/pipeline'
import { backends, nodeCommand, uniqueName, waitFor } from '@headrace/testkit'
import {
  type Document,
  DocumentRecord,
  frame,
  HopRecord,
  isMarkerKey,
  Marker,
  MARKER_SCHEMA_ID,
  markerKey,
  MarkerKind,
  RouteRecord,
} from '@headrace/wire'
import { viewInputs, type ViewInputs } from '../steps/view-inputs.ts'
import { canonicalText } from './canonical-text.ts'
import { type TestFiles, testFolder } from './test-folder.ts'

/** An aggregator as a process of its own. */
export interface RunningAggregator {
  readonly process: ChildProcess
  /** Exit status, or the signal that ended it. */
  readonly ended: Promise<number | string>
  kill(): Promise<void>
  /** SIGTERM once it works: before, it would not hear it. Gives the exit status. */
  stop(): Promise<number | string>
}

export interface StartOptions {
  readonly instance?: string
  readonly failpoints?: string
  /** Documents emitted and records taken per turn. */
  readonly maxRecords?: number
}

/** Compaction that runs while a test does (05 A22). Tombstones stay: nobody is away for longer than they may be. */
export const COMPACTING = {
  'segment.ms': '500',
  'min.cleanable.dirty.ratio': '0.001',
  'max.compaction.lag.ms': '500',
  'delete.retention.ms': '3600000',
} as const

interface HarnessTopic {
  readonly topic: string
  readonly form: 'validated' | 'hop' | 'route' | 'document'
}

/** Topics, group and folders of a test's own. */
export class AggregatorHarness {
  readonly pipeline: Pipeline
  readonly view: ViewInputs
  readonly kafka: Kafka
  readonly dataDir: string
  private readonly folder: string
  private readonly topics: readonly HarnessTopic[]
  private readonly running = new Set<RunningAggregator>()
  private writer: FencedWriter | undefined
  private writeFailure: unknown
  private written = 0

  constructor(partitions: number, files?: TestFiles) {
    const { folder, pipeline } = testFolder(uniqueName('aggregator'), partitions, files)
    this.folder = folder
    this.pipeline = pipeline
    this.view = viewInputs(pipeline, [...pipeline.views.values()][0]!)
    this.kafka = createKafka({ brokers: backends().kafkaBrokers, clientId: pipeline.name })
    this.dataDir = mkdtempSync(join(tmpdir(), `${pipeline.name}-data-`))
    this.topics = [
      ...this.view.topics.map(({ topic, hop }) => ({
        topic,
        form: hop === undefined ? ('validated' as const) : ('hop' as const),
      })),
      ...this.view.broadcasts
        .filter(({ topic }) => !this.view.topics.some(each => each.topic === topic))
        .map(({ topic }) => ({ topic, form: 'validated' as const })),
      ...this.view.edges.map(({ indexTopic }) => ({ topic: indexTopic, form: 'route' as const })),
      { topic: this.view.documentTopic, form: 'document' as const },
    ]
  }

  /** Makes the topics, compacted, with their incarnation markers. */
  async start(config: Readonly<Record<string, string>> = {}): Promise<void> {
    const { partitions } = this.pipeline
    // a machine that stands still for a while ends no transaction of a test
    this.writer = await this.kafka.writer({
      name: `${this.pipeline.name}.test`,
      transactionTimeoutMs: 60_000,
    })
    await this.makeTopics(this.topics, config)
    await this.kafka.admin.ensure([
      { topic: this.view.dead.topic, partitions, config: {} },
      ...this.view.written.topics.map(topic => ({ topic, partitions: 1, config: {} })),
    ])
  }

  /** Deletes what the aggregator makes and makes it anew, as `aggregate.past_unknown` advises. */
  async remakeOwnTopics(): Promise<void> {
    const own = this.topics.filter(({ form }) => form !== 'validated')
    await this.kafka.admin.delete(own.map(({ topic }) => topic))
    for (const { topic } of own)
      await waitFor(async () => (await this.kafka.admin.describe(topic)) === null, {
        what: `${topic} to be gone`,
      })
    await this.makeTopics(own, {})
  }

  private async makeTopics(
    topics: readonly HarnessTopic[],
    config: Readonly<Record<string, string>>,
  ): Promise<void> {
    const { partitions } = this.pipeline
    await this.kafka.admin.ensure(
      topics.map(({ topic }) => ({
        topic,
        partitions,
        config: { 'cleanup.policy': 'compact', ...config },
      })),
    )
    const marker: Marker = {
      kind: MarkerKind.INCARNATION,
      position: undefined,
      writer: '',
      incarnation: randomUUID(),
    }
    const record = { $case: 'marker', value: marker } as const
    const values = {
      validated: frame(MARKER_SCHEMA_ID, Marker.encode(marker).finish()),
      hop: Buffer.from(HopRecord.encode({ record }).finish()),
      route: Buffer.from(RouteRecord.encode({ record }).finish()),
      document: Buffer.from(DocumentRecord.encode({ record }).finish()),
    }
    const all = Array.from({ length: partitions }, (_, partition) => partition)
    await this.write(
      topics.flatMap(({ topic, form }) =>
        all.map(partition => ({ topic, partition, key: markerKey(marker), value: values[form] })),
      ),
    )
  }

  async write(records: readonly OutgoingRecord[]): Promise<void> {
    try {
      await this.writer!.write({ records })
    } catch (error) {
      // whoever asks again writes other changes: the tables of the test and the topics have parted
      this.writeFailure ??= error
      throw error
    }
    const validated = new Set(this.topics.flatMap(({ topic, form }) => (form === 'validated' ? [topic] : [])))
    for (const { topic } of records) if (validated.has(topic)) this.written++
  }

  spawn({
    instance = 'aggregator-0',
    failpoints = '-',
    maxRecords = 5000,
  }: StartOptions = {}): RunningAggregator {
    const { command, args } = nodeCommand()
    const child = spawn(command, [...args, join(import.meta.dirname, '..', 'main.ts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        HEADRACE_KAFKA_BROKERS: backends().kafkaBrokers.join(','),
        HEADRACE_PIPELINE: this.folder,
        HEADRACE_DATA_DIR: join(this.dataDir, instance),
        HEADRACE_INSTANCE: instance,
        HEADRACE_HTTP_PORT: '0',
        HEADRACE_FAILPOINTS: failpoints,
        HEADRACE_AGGREGATOR_MAX_RECORDS: String(maxRecords),
        // the least that brokers take by default: a killed process's partitions are free sooner
        HEADRACE_KAFKA_SESSION_TIMEOUT_MS: '6000',
      },
    })
    let said = ''
    const works = new Promise<void>(resolve => {
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes('partitions are assigned')) resolve()
      })
    })
    const ended = once(child, 'exit').then(([code, signal]) => {
      this.running.delete(running)
      const status = (code ?? signal ?? 'unknown') as number | string
      if (status !== 0 && status !== 'SIGKILL')
        process.stderr.write(`aggregator ended with ${status}\n${said.slice(-4000)}\n`)
      return status
    })
    const running: RunningAggregator = {
      process: child,
      ended,
      kill: async () => {
        child.kill('SIGKILL')
        await ended
      },
      stop: async () => {
        await Promise.race([works, ended])
        child.kill('SIGTERM')
        return ended
      },
    }
    this.running.add(running)
    return running
  }

  /** What the document topic says now: the last record of each key. */
  async documents(): Promise<Map<string, Document>> {
    const latest = new Map<string, Document>()
    await this.eachDocument((key, document) => {
      if (document === undefined) latest.delete(key)
      else latest.set(key, document)
    })
    return latest
  }

  /** Records of the validated topics that compaction has removed: what was written here and cannot be read any more. */
  async compactedRecords(): Promise<number> {
    const reader = this.kafka.reader()
    let readable = 0
    try {
      for (const { topic } of this.topics.filter(({ form }) => form === 'validated')) {
        for (let partition = 0; partition < this.pipeline.partitions; partition++)
          for await (const { records } of reader.readToEnd(topic, partition, 0n)) readable += records.length
      }
    } finally {
      await reader.stop()
    }
    return this.written - readable
  }

  /** Ends of the document topic's partitions, summed: grows with every emission. */
  async documentRecords(): Promise<bigint> {
    const reader = this.kafka.reader()
    try {
      let sum = 0n
      for (let partition = 0; partition < this.pipeline.partitions; partition++)
        sum += (await reader.bounds(this.view.documentTopic, partition)).end
      return sum
    } finally {
      await reader.stop()
    }
  }

  /** All records of the document topic, undefined for tombstones. */
  async eachDocument(visit: (key: string, document: Document | undefined) => void): Promise<void> {
    const reader = this.kafka.reader()
    try {
      for (let partition = 0; partition < this.pipeline.partitions; partition++) {
        for await (const { records } of reader.readToEnd(this.view.documentTopic, partition, 0n)) {
          for (const { key, value } of records) {
            if (key === null || isMarkerKey(key)) continue
            const record = value === null ? undefined : DocumentRecord.decode(value).record
            visit(key.toString(), record?.$case === 'document' ? record.value : undefined)
          }
        }
      }
    } finally {
      await reader.stop()
    }
  }

  /** Headers of the dead letters of documents, by key; all must be without a value. */
  async deadLetters(): Promise<Map<string, Readonly<Record<string, string>>>> {
    const letters = new Map<string, Readonly<Record<string, string>>>()
    const reader = this.kafka.reader()
    try {
      for (let partition = 0; partition < this.pipeline.partitions; partition++) {
        for await (const { records } of reader.readToEnd(this.view.dead.topic, partition, 0n)) {
          for (const { key, value, headers = {} } of records) {
            if (value !== null) throw new Error('a dead document has a value')
            const texts = Object.entries(headers).map(([name, text]) => [name, text.toString()])
            letters.set(key!.toString(), Object.fromEntries(texts) as Record<string, string>)
          }
        }
      }
    } finally {
      await reader.stop()
    }
    return letters
  }

  /** Waits until the documents are exactly these (parsed sources by key). */
  async expectDocuments(expected: ReadonlyMap<string, unknown>, timeoutMs = 120_000): Promise<void> {
    if (this.writeFailure !== undefined)
      throw new Error('a write of the test itself failed: no documents can be expected', {
        cause: this.writeFailure,
      })
    await waitFor(async () => (await this.differences(expected)).length === 0, {
      what: 'the documents to be right',
      timeoutMs,
      everyMs: 200,
    }).catch(async (error: unknown) => {
      const differences = await this.differences(expected)
      if (differences.length > 0)
        throw new Error(`${differences.length} documents differ:\n${differences.slice(0, 5).join('\n')}`, {
          cause: error,
        })
    })
  }

  private async differences(expected: ReadonlyMap<string, unknown>): Promise<string[]> {
    const seen = await this.documents()
    const keys = new Set([...expected.keys(), ...seen.keys()])
    return [...keys].flatMap(key => {
      const document = seen.get(key)
      const actual =
        document === undefined ? undefined : canonicalText(JSON.parse(document.source.toString()))
      const wanted = expected.has(key) ? canonicalText(expected.get(key)) : undefined
      return actual === wanted ? [] : [`${key}\n  is     ${actual}\n  should ${wanted}`]
    })
  }

  /** Ends what a failed test left running. */
  async killAll(): Promise<void> {
    await Promise.all([...this.running].map(running => running.kill()))
  }

  async stop(): Promise<void> {
    await this.killAll()
    await this.writer?.stop()
    await this.kafka.admin.deleteGroup(this.view.groupId).catch(() => undefined)
    const topics = [
      ...this.topics.map(({ topic }) => topic),
      this.view.dead.topic,
      ...this.view.written.topics,
    ]
    await this.kafka.admin.delete(topics).catch(() => undefined)
    await this.kafka.stop()
    rmSync(this.folder, { recursive: true, force: true })
    rmSync(this.dataDir, { recursive: true, force: true })
  }
}

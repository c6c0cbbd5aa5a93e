import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { DocumentReader, Elasticsearch, type Hit, ViewIndices } from '@headrace/elasticsearch'
import { createKafka, type Kafka, type OutgoingRecord } from '@headrace/kafka'
import { aggregatorGroup, type Pipeline, topicSizes } from '@headrace/pipeline'
import { Health } from '@headrace/runtime'
import { KEY_FIELD, VERBATIM_FIELD } from '@headrace/search-model'
import { createLogger, Metrics } from '@headrace/telemetry'
import { backends, nodeCommand, uniqueName } from '@headrace/testkit'
import { type Document, DocumentRecord, markerKey, MarkerKind, partitionOf } from '@headrace/wire'
import { runIndexer } from '../app.ts'
import { createEvents } from '../events.ts'
import { groupOf } from '../steps/index-session.ts'
import { PARTITIONS, PLAN, testPipeline } from './test-pipeline.ts'

export interface RunningIndexer {
  readonly metrics: Metrics
  readonly health: Health
  /** Whether its log has a line with this text. */
  said(text: string): boolean
  readonly done: Promise<void>
  stop(): Promise<void>
}

const marker = (): { readonly key: Buffer; readonly value: Buffer } => {
  const value = { kind: MarkerKind.INCARNATION, position: undefined, writer: '', incarnation: randomUUID() }
  return {
    key: markerKey(value),
    value: Buffer.from(DocumentRecord.encode({ record: { $case: 'marker', value } }).finish()),
  }
}

const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)

export interface DocumentFields {
  readonly side?: string
  readonly error?: string
  readonly oldestCommitUs?: bigint
}

/** A document topic, an index and an indexer of a test's own. */
export class Harness {
  readonly pipeline: Pipeline = testPipeline(uniqueName('indexer'))
  readonly topic = this.pipeline.topics.documents(this.pipeline.name, PLAN)
  readonly deadTopic = this.pipeline.topics.dead('image')
  readonly rawTopic = this.pipeline.topics.raw('image')
  readonly rowTopic = this.pipeline.topics.validated('image')
  readonly kafka: Kafka = createKafka({ brokers: backends().kafkaBrokers, clientId: this.pipeline.name })
  readonly elasticsearch = new Elasticsearch({ url: backends().elasticsearchUrl })
  readonly indices = new ViewIndices(this.elasticsearch)
  readonly reader = new DocumentReader(this.elasticsearch, { verbatim: VERBATIM_FIELD, key: KEY_FIELD })
  private readonly running: RunningIndexer[] = []
  private readonly children: ChildProcess[] = []

  get view(): string {
    return this.pipeline.name
  }

  async makeTopic(): Promise<void> {
    const bytes = String(topicSizes(this.pipeline.limits).topics.documents)
    const config = { 'cleanup.policy': 'compact', 'max.message.bytes': bytes }
    await this.kafka.admin.ensure([
      { topic: this.topic, partitions: PARTITIONS, config },
      { topic: this.deadTopic, partitions: PARTITIONS, config: {} },
      { topic: this.rawTopic, partitions: PARTITIONS, config: {} },
      { topic: this.rowTopic, partitions: PARTITIONS, config: {} },
    ])
    await this.write(
      Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: this.topic, partition, ...marker() })),
    )
  }

  document(key: string, source: string, fields: DocumentFields = {}): OutgoingRecord {
    const value: Document = {
      key,
      source: Buffer.from(source),
      side: Buffer.from(fields.side ?? ''),
      oldestCommitUs: fields.oldestCommitUs ?? 0n,
      newestCommitUs: fields.oldestCommitUs ?? 0n,
      asOf: undefined,
      error: fields.error ?? '',
    }
    return {
      ...this.tombstone(key),
      value: Buffer.from(DocumentRecord.encode({ record: { $case: 'document', value } }).finish()),
    }
  }

  tombstone(key: string): OutgoingRecord {
    return { topic: this.topic, partition: partitionOf(key, PARTITIONS), key: Buffer.from(key), value: null }
  }

  async write(records: readonly OutgoingRecord[]): Promise<void> {
    const maxRecordBytes = topicSizes(this.pipeline.limits).topics.documents
    // a machine that stands still for a while ends no transaction of a test
    const limits = { maxRecordBytes, transactionTimeoutMs: 60_000 }
    const writer = await this.kafka.writer({ name: `${this.pipeline.name}.test`, ...limits })
    for (let at = 0; at < records.length; at += 2_000)
      await writer.write({ records: records.slice(at, at + 2_000) })
    await writer.stop()
  }

  /** The service's own code in this process. */
  start(elasticsearchUrl = backends().elasticsearchUrl): RunningIndexer {
    const kafka = createKafka({ brokers: backends().kafkaBrokers, clientId: `${this.pipeline.name}-indexer` })
    const elasticsearch = new Elasticsearch({ url: elasticsearchUrl })
    const stop = new AbortController()
    const lines: string[] = []
    const metrics = new Metrics('indexer')
    const health = new Health()
    const log = createLogger({
      service: 'indexer',
      destination: { write: (line: string) => void lines.push(line) },
    })
    const index = { shards: 1, replicas: '0-1', refreshInterval: '1s', gcDeletes: '1d' }
    const done = runIndexer(
      {
        pipeline: this.pipeline,
        kafka,
        elasticsearch,
        instance: 'indexer-0',
        index,
        events: createEvents(log, metrics),
        health,
      },
      stop.signal,
    ).finally(async () => {
      await kafka.stop()
      await elasticsearch.close()
    })
    done.catch(() => undefined)
    const running = {
      metrics,
      health,
      said: (text: string) => lines.some(line => line.includes(text)),
      done,
      stop: async () => {
        stop.abort()
        await done
      },
    }
    this.running.push(running)
    return running
  }

  /** The same as a process of its own. */
  spawn(): ChildProcess {
    const { command, args } = nodeCommand()
    const { kafkaBrokers, elasticsearchUrl } = backends()
    const program = join(import.meta.dirname, 'indexer-program.ts')
    const child = spawn(
      command,
      [...args, program, this.pipeline.name, kafkaBrokers.join(','), elasticsearchUrl],
      { stdio: 'inherit' },
    )
    this.children.push(child)
    return child
  }

  /** Headers of dead documents, by key; all must be without a value. */
  async deadLetters(): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    const letters = new Map<string, Readonly<Record<string, string>>>()
    const reader = this.kafka.reader()
    for (let partition = 0; partition < PARTITIONS; partition++) {
      for await (const { records } of reader.readToEnd(this.deadTopic, partition, 0n)) {
        for (const { key, value, headers = {} } of records) {
          if (value !== null) throw new Error('a dead document has a value')
          const texts = Object.entries(headers).map(([name, text]): [string, string] => [
            name,
            text.toString(),
          ])
          letters.set(key!.toString(), Object.fromEntries(texts))
        }
      }
    }
    await reader.stop()
    return letters
  }

  /** A row that no aggregator has made a document of, until `aggregated`. */
  writeRow(): Promise<void> {
    return this.write([{ topic: this.rowTopic, partition: 0, key: Buffer.from('1'), value: null }])
  }

  /** As if the aggregator had made documents of all rows. */
  async aggregated(): Promise<void> {
    const view = this.pipeline.views.get(this.view)!
    const reader = this.kafka.reader()
    const offsets = await Promise.all(
      partitions.map(async partition => {
        const { end } = await reader.bounds(this.rowTopic, partition)
        return { topic: this.rowTopic, partition, next: end }
      }),
    )
    await reader.stop()
    await this.kafka.admin.resetOffsets(aggregatorGroup(this.pipeline, view), offsets)
  }

  /**
   * As if the indexer had been away for so many days: makes what its offsets say about time older. `isGap`: and what stood at its
   * position were removed (it is at the end of a transaction then, where no record is).
   */
  async ageOffsets(days: number, isGap = false): Promise<void> {
    const groupId = groupOf(this.pipeline.name, this.view, PLAN)
    const { admin } = this.kafka
    const offsets = await admin.committed(groupId, { [this.topic]: partitions })
    const aged = offsets.flatMap(({ topic, partition, next, metadata }) => {
      if (next === null) return []
      const words = metadata.split(' ')
      const asOf = Number(words.pop()) - days * 86_400_000
      const position = isGap ? next - 1n : next
      return [{ topic, partition, next: position, metadata: [...words, asOf].join(' ') }]
    })
    await admin.resetOffsets(groupId, aged)
  }

  /** What a search would see, stubs included. */
  async documents(): Promise<ReadonlyMap<string, Hit>> {
    await this.indices.refresh(this.view)
    const found = new Map<string, Hit>()
    for await (const hit of this.reader.scan(this.view)) found.set(hit.key, hit)
    return found
  }

  async stop(): Promise<void> {
    // what a failed test left running
    await Promise.all(this.running.map(running => running.stop().catch(() => undefined)))
    for (const child of this.children) {
      child.kill('SIGKILL')
      await ended(child)
    }
    for (let n = 1; n < 4; n++) await this.indices.remove(`${this.view}-${PLAN}-${n}`)
    await this.kafka.admin.delete([this.topic, this.deadTopic, this.rawTopic, this.rowTopic])
    await this.kafka.stop()
    await this.elasticsearch.close()
  }
}

export const ended = async (child: ChildProcess): Promise<number | string> => {
  if (child.exitCode !== null) return child.exitCode
  if (child.signalCode !== null) return child.signalCode
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return code ?? signal ?? 'unknown'
}

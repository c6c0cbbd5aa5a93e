import { setTimeout as sleep } from 'node:timers/promises'
import {
  BulkSizer,
  BulkWriter,
  type IndexOptions,
  type ViewIndex,
  ViewIndices,
} from '@headrace/elasticsearch'
import { backoffDelay, codeOf, type ErrorCode, HeadraceError, retryPolicy } from '@headrace/errors'
import type { Kafka, PartitionReader } from '@headrace/kafka'
import {
  aggregatorGroup,
  aggregatorInputs,
  type CompiledView,
  type Pipeline,
  validatorGroup,
} from '@headrace/pipeline'
import type { Elasticsearch } from '@headrace/elasticsearch'
import { beginAnew, type Health } from '@headrace/runtime'
import { buildMapping } from '@headrace/search-model'
import { DeadDocuments } from '../adapters/dead-documents.ts'
import { awaitDocumentTopic, isSameTopic, refuseOther } from '../adapters/document-topic.ts'
import { documentReading } from '../adapters/read-document.ts'
import type { Events } from '../events.ts'
import { keepLive } from './go-live.ts'
import { indexRecords } from './index-records.ts'
import { groupOf, IndexSession } from './index-session.ts'
import { loadWatch } from './load-watch.ts'

export interface IndexSettings {
  readonly shards: number
  readonly replicas: string
  readonly refreshInterval: string
  readonly gcDeletes: string
}

export interface IndexViewOptions {
  readonly pipeline: Pipeline
  readonly view: CompiledView
  readonly kafka: Kafka
  readonly elasticsearch: Elasticsearch
  readonly instance: string
  readonly index: IndexSettings
  readonly events: Events
  readonly health: Health
}

/** Nothing is lost: wait, and go on from the committed offsets. */
const PASSING: readonly ErrorCode[] = [
  'kafka.unreachable',
  'kafka.fenced',
  'kafka.transaction_lost',
  'elasticsearch.unreachable',
  'indexer.index_outdated',
]

/** A busy server is asked again now and then; one that is away shows. */
const RETRIES_UNTIL_RED = 3

interface Readers {
  readonly reader: PartitionReader
  /** For looks at the first records of a partition. */
  readonly peek: PartitionReader
}

/** Keeps one view's index in step with its document topic until the signal fires. */
export const indexView = async (options: IndexViewOptions, signal: AbortSignal): Promise<void> => {
  const { kafka, view, events, health } = options
  const readers = {
    reader: kafka.reader(),
    peek: kafka.reader({ fetch: { maxBytesPerPartition: 4_096, maxBytes: 65_536 } }),
  }
  try {
    await beginAnew(
      {
        passing: PASSING,
        run: progressed => spell(options, readers, progressed, signal),
        lost: (code, words, retryInMs) => events.sessionLost(view.name, code, words, retryInMs),
        health,
      },
      signal,
    )
  } finally {
    await Promise.all([readers.reader.stop(), readers.peek.stop()])
  }
}

const spell = async (
  options: IndexViewOptions,
  { reader, peek }: Readers,
  progressed: () => void,
  signal: AbortSignal,
): Promise<void> => {
  const { pipeline, view, kafka, elasticsearch, instance, events, health } = options
  const { partitions } = pipeline
  const topic = pipeline.topics.documents(view.name, view.plan)
  const incarnations = await awaitTopic(options, peek, topic, signal)
  const indices = new ViewIndices(elasticsearch)
  const indexOptions: IndexOptions = { ...options.index, ...buildMapping(view.shape) }
  const index = await openIndex(options, indices, indexOptions, { topic, incarnations }, signal)
  const groupId = groupOf(pipeline.name, view.name, view.plan)
  const aggregator = { groupId: aggregatorGroup(pipeline, view), ...aggregatorInputs(pipeline, view) }
  const dead = new DeadDocuments(options)
  const records = {
    view: view.name,
    dead,
    target: index.writeAlias,
    bulk: bulkWriter(options),
    reading: documentReading(view.shape),
    events,
    nowUs: () => BigInt(Date.now()) * 1_000n,
    sawIncarnation: (partition: number, id: string) => refuseOther(topic, partition, id, incarnations),
  }
  const of = { kafka, reader, groupId, topic, view: view.name, index, events }
  const live = keepLive({
    ...of,
    indices,
    indexOptions,
    partitions,
    incarnations,
    loads: loadWatch(pipeline, aggregator.rawTopics, reader),
    validator: { groupId: validatorGroup(pipeline.name) },
    aggregator,
    isSameTopic: () => isSameTopic({ reader: peek, topic, partitions, signal }, incarnations),
  })
  const session = new IndexSession({
    ...of,
    instance: `${instance}.${view.name}`,
    write: async (batch, partition, ended) => {
      await indexRecords(batch, partition, records, ended)
      if (!ended.aborted) health.ready()
    },
    progressed,
    health,
    turned: live.look,
  })
  try {
    await runUnlessOutdated(session, indices, index, signal)
  } finally {
    live.stop()
    await dead.stop()
  }
}

/** An index that may have missed deletes is gone on with by nobody: the next spell of each indexer opens another one. */
const runUnlessOutdated = async (
  session: IndexSession,
  indices: ViewIndices,
  index: ViewIndex,
  signal: AbortSignal,
): Promise<void> => {
  try {
    await session.run(signal)
  } catch (error) {
    if (codeOf(error) === 'indexer.index_outdated') await indices.giveUp(index)
    throw error
  }
}

const bulkWriter = ({ elasticsearch, events, health }: IndexViewOptions): BulkWriter =>
  new BulkWriter({
    elasticsearch,
    sizer: new BulkSizer(),
    onRetry: retry => {
      events.retried(retry)
      if (retry.attempt >= RETRIES_UNTIL_RED) health.notReady('Elasticsearch does not take documents')
    },
  })

const awaitTopic = (
  { pipeline, kafka, events, health }: IndexViewOptions,
  reader: PartitionReader,
  topic: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> => {
  let told = ''
  return awaitDocumentTopic({
    admin: kafka.admin,
    reader,
    topic,
    partitions: pipeline.partitions,
    signal,
    waiting: why => {
      health.turned()
      // asked for every second, told once
      if (why !== told) events.waitingForTopic(topic, why)
      told = why
    },
  })
}

/** Waits while Elasticsearch is away: a service that starts first is no failure. */
const openIndex = async (
  { pipeline, view, elasticsearch, events, health }: IndexViewOptions,
  indices: ViewIndices,
  indexOptions: IndexOptions,
  {
    topic,
    incarnations,
  }: { readonly topic: string; readonly incarnations: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<ViewIndex> => {
  for (let attempt = 0; ; attempt++) {
    try {
      await elasticsearch.checkVersion(signal)
      const identity = {
        pipeline: pipeline.name,
        view: view.name,
        plan: view.plan,
        documentTopic: topic,
        incarnations,
      }
      const index = await indices.open(identity, indexOptions)
      events.indexOpened(view.name, index)
      return index
    } catch (error) {
      if (signal.aborted || retryPolicy(error) !== 'retry') throw error
      const delayMs = backoffDelay(attempt, Math.random())
      events.elasticsearchAway(error instanceof HeadraceError ? error.message : '', delayMs)
      health.notReady('Elasticsearch is away')
      health.turned()
      await sleep(delayMs, undefined, { signal })
    }
  }
}

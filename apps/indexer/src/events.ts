import type { BulkRetry } from '@headrace/elasticsearch'
import type { ErrorCode } from '@headrace/errors'
import type { PartitionLag } from '@headrace/kafka'
import { LATENCY_BUCKETS, type Logger, type Metrics } from '@headrace/telemetry'

/** Rejections are counted all and logged up to this many per view and second: a wrong mapping rejects everything. */
const REJECTIONS_LOGGED = 5

export type IndexedKind = 'written' | 'stale' | 'deleted' | 'absent' | 'stub' | 'rejected' | 'superseded'

const createMetrics = (metrics: Metrics) => ({
  documents: metrics.counter({
    name: 'documents_total',
    help: 'Records of document topics by what became of them.',
    labels: ['view', 'outcome'],
  }),
  bulkSeconds: metrics.histogram({
    name: 'bulk_seconds',
    help: 'Duration of bulk writes, repetitions included.',
    labels: ['view'],
  }),
  retries: metrics.counter({
    name: 'bulk_retries_total',
    help: 'Bulk requests repeated in whole or in part.',
  }),
  latency: metrics.histogram({
    name: 'commit_to_indexed_seconds',
    help: 'From the commit of the oldest change in a document to the acknowledgement by Elasticsearch.',
    labels: ['view'],
    buckets: [...LATENCY_BUCKETS, 60, 300, 1_800],
  }),
  lagRecords: metrics.gauge({
    name: 'lag_records',
    help: 'Records not yet taken from the document topic.',
    labels: ['view', 'partition'],
  }),
  lagSeconds: metrics.gauge({
    name: 'lag_seconds',
    help: 'Age of the last record taken while behind, 0 when caught up.',
    labels: ['view', 'partition'],
  }),
  commits: metrics.histogram({ name: 'commit_seconds', help: 'Duration of offset commits.' }),
  assigned: metrics.gauge({
    name: 'assigned_partitions',
    help: 'Partitions of this process.',
    labels: ['view'],
  }),
  rebalances: metrics.counter({
    name: 'rebalances_total',
    help: 'Generations of the group this process was in.',
    labels: ['view'],
  }),
})

/** What becomes of a view's alias. */
const aliasEvents = (log: Logger) => ({
  filling: (view: string, index: string, live: readonly string[], waitsFor: string) =>
    log.info(
      {
        view,
        index,
        live,
        waitsFor,
        notice: `${view}: searches see the documents of before until all new ones are there`,
      },
      'searches see the live index until this one has a document of every row that is there now',
    ),
  /** `before`: documents of the index that was live. */
  wentLive: (view: string, index: string, documents: number, before: number | undefined) =>
    log.info(
      {
        ...{ view, index, documents, before },
        // the first index is no news
        ...(before === undefined
          ? {}
          : { notice: `${view}: searches see the new documents, ${documents} (${before} before)` }),
      },
      'caught up: the alias of the view points to the new index',
    ),
  leftLive: (view: string, holder: string) =>
    log.info({ view, holder }, 'the alias of the view stays with a newer index, which has indexers too'),
  notYetLive: (view: string, error: string) =>
    log.warn({ view, error }, 'the new index could not be made live yet'),
})

/** Everything the indexer tells: log line and metric together. */
export const createEvents = (log: Logger, metrics: Metrics) => {
  const meters = createMetrics(metrics)
  const rejections = { second: 0, count: 0 }
  return {
    waitingForTopic: (topic: string, why: string) => log.info({ topic }, `waiting: ${why}`),
    elasticsearchAway: (error: string, retryInMs: number) =>
      log.warn({ error, retryInMs }, 'Elasticsearch is away; nothing is skipped'),
    indexOpened: (
      view: string,
      index: { readonly name: string; readonly created: boolean; readonly live: boolean },
    ) =>
      log.info(
        { view, index: index.name, created: index.created, live: index.live },
        index.created ? 'made an index' : 'going on with the index',
      ),
    ...aliasEvents(log),
    assigned: (view: string, partitions: readonly number[], fromStart: number) => {
      meters.assigned.set({ view }, partitions.length)
      meters.rebalances.inc({ view })
      log.info({ view, partitions, fromStart }, 'partitions assigned')
    },
    revoked: (view: string) => {
      meters.assigned.set({ view }, 0)
      log.info({ view }, 'partitions revoked')
    },
    indexed: (view: string, kind: IndexedKind, count = 1) =>
      meters.documents.inc({ view, outcome: kind }, count),
    bulk: (view: string, seconds: number) => meters.bulkSeconds.observe({ view }, seconds),
    latency: (view: string, seconds: number) => meters.latency.observe({ view }, seconds),
    retried: ({ items, repeated, attempt, delayMs, reason }: BulkRetry) => {
      meters.retries.inc()
      log.warn({ items, repeated, attempt, retryInMs: delayMs, reason }, 'a bulk is repeated')
    },
    rejected: (view: string, partition: number, offset: bigint, reason: string) => {
      const second = Math.floor(Date.now() / 1_000)
      if (rejections.second !== second) Object.assign(rejections, { second, count: 0 })
      if (++rejections.count > REJECTIONS_LOGGED) return
      log.error(
        { view, partition, offset: String(offset), reason },
        'Elasticsearch rejected a document; a stub with the reason stands in its place',
      )
    },
    committed: (seconds: number) => meters.commits.observe(seconds),
    lag: (view: string, lags: readonly PartitionLag[]) => {
      for (const { partition, records, seconds } of lags) {
        meters.lagRecords.set({ view, partition: String(partition) }, records)
        meters.lagSeconds.set({ view, partition: String(partition) }, seconds)
      }
    },
    sessionLost: (view: string, code: ErrorCode, error: string, retryInMs: number) =>
      log.warn({ view, code, error, retryInMs }, 'beginning anew at the committed offsets'),
  }
}

export type Events = ReturnType<typeof createEvents>

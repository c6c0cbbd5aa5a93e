import type { Membership, PartitionLag } from '@headrace/kafka'
import type { Logger, Metrics } from '@headrace/telemetry'

/** What became of the records of one committed turn, by dataset. */
export interface TurnCounts {
  readonly dataset: string
  valid: number
  deleted: number
  withheld: number
  markers: number
  /** By code. */
  readonly dead: Map<string, number>
}

/** Everything the validator tells: log line and metric together. */
export type Events = ReturnType<typeof createEvents>

const createMeters = (metrics: Metrics) => ({
  records: metrics.counter({
    name: 'records_total',
    help: 'Records judged and committed, by outcome.',
    labels: ['dataset', 'outcome'],
  }),
  dead: metrics.counter({
    name: 'dead_letters_total',
    help: 'Dead letters by code.',
    labels: ['dataset', 'code'],
  }),
  turn: metrics.histogram({ name: 'turn_seconds', help: 'From the first record of a turn to its commit.' }),
  commit: metrics.histogram({ name: 'commit_seconds', help: 'Duration of Kafka transactions.' }),
  lagRecords: metrics.gauge({
    name: 'lag_records',
    help: 'Records in raw topics that are not judged yet.',
    labels: ['dataset'],
  }),
  lagSeconds: metrics.gauge({
    name: 'lag_seconds',
    help: 'Age of the last judged record while behind.',
    labels: ['dataset'],
  }),
  restarts: metrics.counter({
    name: 'sessions_lost_total',
    help: 'Times the work was begun anew from the committed offsets.',
    labels: ['code'],
  }),
  waits: metrics.counter({
    name: 'relation_waits_total',
    help: 'Times a relation description was waited for.',
  }),
})

export const createEvents = (log: Logger, metrics: Metrics) => {
  const meters = createMeters(metrics)
  return {
    starting: (
      datasets: readonly {
        readonly dataset: string
        readonly schemaId: number
        readonly unenforced: number
      }[],
    ) => {
      for (const each of datasets) log.info({ ...each }, 'contract compiled')
    },
    assigned: ({ generationId, assignment }: Membership) =>
      log.info({ generationId, assignment }, 'partitions assigned'),
    revoked: ({ generationId }: Membership) => log.info({ generationId }, 'partitions revoked'),
    committed: (counts: Iterable<TurnCounts>, turnSeconds: number, commitSeconds: number) => {
      for (const { dataset, valid, deleted, withheld, markers, dead } of counts) {
        meters.records.inc({ dataset, outcome: 'valid' }, valid)
        meters.records.inc({ dataset, outcome: 'deleted' }, deleted)
        meters.records.inc({ dataset, outcome: 'withheld' }, withheld)
        meters.records.inc({ dataset, outcome: 'marker' }, markers)
        for (const [code, count] of dead) meters.dead.inc({ dataset, code }, count)
        if (dead.size > 0)
          log.warn({ dataset, dead: Object.fromEntries(dead), withheld }, 'records went to the dead letters')
      }
      meters.turn.observe(turnSeconds)
      meters.commit.observe(commitSeconds)
    },
    lag: (lags: readonly PartitionLag[], datasetOf: (topic: string) => string) => {
      const records = new Map<string, number>()
      const seconds = new Map<string, number>()
      for (const lag of lags) {
        const dataset = datasetOf(lag.topic)
        records.set(dataset, (records.get(dataset) ?? 0) + lag.records)
        seconds.set(dataset, Math.max(seconds.get(dataset) ?? 0, lag.seconds))
      }
      for (const [dataset, value] of records) meters.lagRecords.set({ dataset }, value)
      for (const [dataset, value] of seconds) meters.lagSeconds.set({ dataset }, value)
    },
    fenced: () =>
      log.info({}, 'a transaction was refused because the group moved on; its records are judged again'),
    relationAwaited: (fingerprint: string) => {
      meters.waits.inc()
      log.info({ fingerprint }, 'waiting for a relation description')
    },
    sessionLost: (code: string, words: string, retryInMs: number) => {
      meters.restarts.inc({ code })
      log.warn(
        { code, error: words, retryInMs },
        'beginning anew from the committed offsets; nothing is skipped',
      )
    },
  }
}

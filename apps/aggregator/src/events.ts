import type { Applied } from '@headrace/denormalise'
import type { Batch, GroupConsumer } from '@headrace/kafka'
import type { StoreBeginning } from '@headrace/store'
import type { Logger, Metrics } from '@headrace/telemetry'
import type { Emitted } from './steps/document-records.ts'
import type { PartitionTask } from './steps/partition-task.ts'

/** What a turn did before its transaction. */
export interface TurnWork {
  readonly batches: readonly Batch[]
  /** Hop and index records. */
  readonly routed: number
  readonly applied: ReadonlyMap<Applied, number>
  readonly emitted: ReadonlyMap<Emitted, number>
  readonly seconds: number
}

/** Everything the aggregator tells: log line and metric together. */
export type Events = ReturnType<typeof createEvents>

interface Watched {
  readonly tasks: readonly PartitionTask[]
  readonly consumer: GroupConsumer
}

/** Gauges are read from the tasks when somebody asks. */
const createGauges = (metrics: Metrics, watched: ReadonlyMap<string, Watched>) => {
  const perView = (name: string, help: string, read: (watched: Watched) => number): void => {
    metrics.gauge({
      name,
      help,
      labels: ['view'],
      collect: gauge => {
        gauge.reset()
        for (const [view, each] of watched) gauge.set({ view }, read(each))
      },
    })
  }
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)
  perView(
    'assigned_partitions',
    'Partitions of the view that this process works on.',
    ({ tasks }) => tasks.length,
  )
  perView('dirty_documents', 'Documents that changed and are not emitted yet.', ({ tasks }) =>
    sum(tasks.map(task => task.group.dirtyCount)),
  )
  perView('dirty_oldest_seconds', 'Age of the oldest of them, 0 when there is none.', ({ tasks }) => {
    const now = performance.now()
    return Math.max(0, ...tasks.map(task => (now - (task.group.root.dirty.oldest() ?? now)) / 1000))
  })
  perView('store_bytes', 'Size of the state stores on disk.', ({ tasks }) =>
    sum(tasks.map(task => task.store.bytes())),
  )
  lagGauge(metrics, watched, 'lag_records', 'Records of a topic that are not taken yet.', 'records')
  lagGauge(
    metrics,
    watched,
    'lag_seconds',
    'Age of the last record taken of a topic that is behind, 0 when caught up.',
    'seconds',
  )
}

const lagGauge = (
  metrics: Metrics,
  watched: ReadonlyMap<string, Watched>,
  name: string,
  help: string,
  what: 'records' | 'seconds',
): void => {
  metrics.gauge({
    name,
    help,
    labels: ['topic'],
    collect: gauge => {
      gauge.reset()
      const worst = new Map<string, number>()
      for (const { consumer } of watched.values()) {
        for (const lag of consumer.lag()) {
          const known = worst.get(lag.topic) ?? 0
          worst.set(lag.topic, what === 'records' ? known + lag.records : Math.max(known, lag.seconds))
        }
      }
      for (const [topic, value] of worst) gauge.set({ topic }, value)
    },
  })
}

const createCounters = (metrics: Metrics) => ({
  recordsIn: metrics.counter({ name: 'records_in_total', help: 'Records read.', labels: ['view', 'topic'] }),
  applied: metrics.counter({
    name: 'rows_applied_total',
    help: 'Rows that reached the group stage, by what they did.',
    labels: ['view', 'outcome'],
  }),
  routed: metrics.counter({
    name: 'routed_records_total',
    help: 'Hop and index records made.',
    labels: ['view'],
  }),
  documents: metrics.counter({
    name: 'documents_total',
    help: 'Documents emitted, by form.',
    labels: ['view', 'form'],
  }),
  turn: metrics.histogram({
    name: 'processing_seconds',
    help: 'Work of a turn up to its transaction.',
    labels: ['view'],
  }),
  commit: metrics.histogram({ name: 'commit_seconds', help: 'Kafka transactions.', labels: ['view'] }),
  rebalances: metrics.counter({ name: 'rebalances_total', help: 'Assignments received.', labels: ['view'] }),
  restarts: metrics.counter({
    name: 'sessions_lost_total',
    help: 'Times the work was begun anew from stores and committed offsets.',
    labels: ['view', 'code'],
  }),
  restored: metrics.counter({
    name: 'restored_records_total',
    help: 'Records read at assignments to bring stores and indexes up.',
    labels: ['view'],
  }),
})

export const createEvents = (log: Logger, metrics: Metrics) => {
  const watched = new Map<string, Watched>()
  const counters = createCounters(metrics)
  createGauges(metrics, watched)
  return {
    assigned: (view: string, generation: number, partitions: number) => {
      counters.rebalances.inc({ view })
      log.info({ view, generation, partitions }, 'partitions are assigned')
    },
    storeOpened: (view: string, partition: number, beginning: StoreBeginning | 'age') => {
      const say = beginning === 'power-loss' ? log.warn : log.info
      say(
        { view, partition, beginning },
        beginning === 'kept'
          ? 'a state store goes on'
          : 'a state store begins empty and is rebuilt from the topics',
      )
    },
    restored: (view: string, records: number) => counters.restored.inc({ view }, records),
    fenced: (view: string, generation: number, words: string) =>
      log.warn(
        { view, generation, error: words },
        'the group has gone on without us: waiting for the next assignment',
      ),
    sessionLost: (view: string, code: string, words: string, retryInMs: number) => {
      counters.restarts.inc({ view, code })
      log.warn(
        { view, code, error: words, retryInMs },
        'beginning anew from stores and committed offsets; nothing is skipped',
      )
    },
    worked: (view: string, { batches, routed, applied, emitted, seconds }: TurnWork) => {
      for (const { topic, records } of batches) counters.recordsIn.inc({ view, topic }, records.length)
      if (routed > 0) counters.routed.inc({ view }, routed)
      for (const [outcome, count] of applied) counters.applied.inc({ view, outcome }, count)
      for (const [form, count] of emitted) counters.documents.inc({ view, form }, count)
      if (emitted.has('stub'))
        log.warn(
          { view, stubs: emitted.get('stub') },
          'documents could not be made: stubs stand in their place',
        )
      if (batches.length > 0) counters.turn.observe({ view }, seconds)
    },
    committed: (view: string, records: number, seconds: number) => {
      counters.commit.observe({ view }, seconds)
      log.debug({ view, records }, 'committed')
    },
    /** The gauges follow these tasks until the returned function is called. */
    watch: (view: string, tasks: readonly PartitionTask[], consumer: GroupConsumer): (() => void) => {
      watched.set(view, { tasks, consumer })
      return () => watched.delete(view)
    },
  }
}

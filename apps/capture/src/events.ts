import type { SlotState } from '@headrace/postgres'
import type { Logger, Metrics } from '@headrace/telemetry'
import { type CapturePosition, formatLsn, type TableProgress } from '@headrace/wire'
import type { SourceTable } from './adapters/captured-table.ts'
import type { Delivered } from './steps/delivery.ts'
import type { Start } from './steps/decide-start.ts'

/** How often the progress of a first load is logged. */
const PROGRESS_LOG_MS = 5_000

/** Everything capture tells: log line and metric together. */
export type Events = ReturnType<typeof createEvents>

const position = ({
  epoch,
  commitLsn,
  ordinal,
  complete,
  acknowledgedLsn,
}: CapturePosition): Readonly<Record<string, unknown>> => ({
  epoch,
  commitLsn: formatLsn(commitLsn),
  ordinal,
  complete,
  acknowledgedLsn: formatLsn(acknowledgedLsn),
})

const createSlotMetrics = (metrics: Metrics) => ({
  lagBytes: metrics.gauge({ name: 'lag_bytes', help: 'WAL written by the server and not acknowledged.' }),
  lagSeconds: metrics.gauge({
    name: 'lag_seconds',
    help: 'Age of the oldest change read and not yet committed to Kafka, 0 when there is none.',
  }),
  confirmed: metrics.gauge({
    name: 'slot_confirmed_behind_bytes',
    help: 'WAL between confirmed_flush_lsn of the slot and the end.',
  }),
  retained: metrics.gauge({
    name: 'slot_retained_bytes',
    help: 'WAL that the slot keeps the server from removing.',
  }),
  safe: metrics.gauge({
    name: 'slot_safe_wal_bytes',
    help: 'WAL that may be written before the slot is in danger, -1: no limit.',
  }),
  loss: metrics.gauge({
    name: 'slot_loss_seconds',
    help: 'Estimated time until the server may remove WAL that the slot needs, at the rate of the last minutes; +Inf: no limit, or nothing is written.',
  }),
  walStatus: metrics.gauge({
    name: 'slot_wal_status',
    help: '1 for the present wal_status of the slot.',
    labels: ['status'],
  }),
})

const createMetrics = (metrics: Metrics) => ({
  ...createSlotMetrics(metrics),
  rows: metrics.counter({
    name: 'rows_total',
    help: 'Changed rows committed to raw topics.',
    labels: ['dataset'],
  }),
  tooLarge: metrics.counter({
    name: 'rows_too_large_total',
    help: 'Rows over limits.rowBytes: only their key is in the raw topic, and the validator makes a dead letter of it.',
    labels: ['dataset'],
  }),
  bytes: metrics.counter({ name: 'bytes_total', help: 'Bytes of records committed to Kafka.' }),
  sourceTransactions: metrics.counter({
    name: 'source_transactions_total',
    help: 'Transactions of the source that were read.',
  }),
  commits: metrics.histogram({ name: 'commit_seconds', help: 'Duration of Kafka transactions.' }),
  reread: metrics.counter({
    name: 'toast_rows_total',
    help: 'Rows whose unchanged large values were read again from their table.',
  }),
  rereadSeconds: metrics.histogram({
    name: 'toast_reread_seconds',
    help: 'Duration of reading large values again, per batch.',
  }),
  loadDone: metrics.gauge({
    name: 'snapshot_rows_done',
    help: 'Rows of the first load that are in Kafka.',
    labels: ['table'],
  }),
  loadTotal: metrics.gauge({
    name: 'snapshot_rows_total',
    help: 'Rows of the first load as the planner estimates them.',
    labels: ['table'],
  }),
  reconnects: metrics.counter({
    name: 'source_reconnects_total',
    help: 'Times the connection to the source was lost.',
  }),
  restarts: metrics.counter({
    name: 'sessions_lost_total',
    help: 'Times the work was begun anew from the position in Kafka.',
    labels: ['code'],
  }),
})

type Meters = ReturnType<typeof createMetrics>

const slotEvents = (log: Logger, meters: Meters) => ({
  slotSeen: (slot: SlotState, walEnd: bigint, acknowledged: bigint) => {
    meters.lagBytes.set(Math.max(0, Number(walEnd - acknowledged)))
    meters.confirmed.set(slot.confirmed === null ? 0 : Number(walEnd - slot.confirmed))
    meters.retained.set(slot.restart === null ? 0 : Number(walEnd - slot.restart))
    meters.safe.set(slot.safeWalSize ?? -1)
    for (const status of ['reserved', 'extended', 'unreserved', 'lost'])
      meters.walStatus.set({ status }, slot.walStatus === status ? 1 : 0)
    if (slot.walStatus === 'unreserved' || slot.walStatus === 'lost')
      log.warn({ walStatus: slot.walStatus }, 'the slot is losing its WAL')
  },
  walBudget: (seconds: number) => meters.loss.set(seconds),
  lag: (seconds: number) => meters.lagSeconds.set(seconds),
  stalled: (seconds: number) =>
    log.warn({ seconds: Math.round(seconds) }, 'the stream stands still although the server has newer WAL'),
  moving: () => log.info({}, 'the stream moves again'),
})

const loadEvents = (log: Logger, meters: Meters) => {
  let progressLogged = 0
  const meterLoad = (tables: readonly TableProgress[]): void => {
    for (const { table, rowsDone, rowsEstimated } of tables) {
      meters.loadDone.set({ table }, Number(rowsDone))
      meters.loadTotal.set({ table }, Number(rowsEstimated))
    }
  }
  return {
    loadProgress: (tables: readonly TableProgress[], now: number) => {
      meterLoad(tables)
      if (now - progressLogged < PROGRESS_LOG_MS) return
      progressLogged = now
      for (const { table, rowsDone, rowsEstimated, finished } of tables) {
        log.info(
          { table, rowsDone: Number(rowsDone), rowsEstimated: Number(rowsEstimated), finished },
          'first load',
        )
      }
    },
    partLost: (table: string, words: string) => {
      meters.reconnects.inc()
      log.warn({ table, error: words }, 'a connection of the first load was lost; this part is read again')
    },
    loadFinished: (tables: readonly TableProgress[], seconds: number) => {
      meterLoad(tables)
      const rows = tables.reduce((sum, table) => sum + Number(table.rowsDone), 0)
      log.info({ rows, seconds: Math.round(seconds * 10) / 10 }, 'the first load is done')
    },
  }
}

/** Rows that were too large since the last transaction. */
const tooLargeEvent =
  (log: Logger, meters: Meters) =>
  ({ dataset, tooLarge, maxRowBytes }: SourceTable): void => {
    const { rows, largestBytes } = tooLarge
    if (rows === 0) return
    meters.tooLarge.inc({ dataset }, rows)
    log.warn(
      { dataset, rows, largestBytes, limitBytes: maxRowBytes },
      'rows are too large: only their keys go on, each as a dead letter edge.too_large',
    )
    Object.assign(tooLarge, { rows: 0, largestBytes: 0 })
  }

const outageEvents = (log: Logger, meters: Meters) => ({
  sourceLost: (words: string, retryInMs: number) => {
    meters.reconnects.inc()
    log.warn({ error: words, retryInMs }, 'the source is away; nothing is skipped')
  },
  kafkaLost: (code: string, words: string, retryInMs: number) => {
    meters.restarts.inc({ code })
    log.warn({ code, error: words, retryInMs }, 'going on from the position in Kafka; nothing is skipped')
  },
})

export const createEvents = (log: Logger, metrics: Metrics) => {
  const meters = createMetrics(metrics)
  const tellTooLarge = tooLargeEvent(log, meters)
  return {
    starting: (start: Start) => {
      if (start.kind === 'stream') log.info(position(start.position), 'going on from the position in Kafka')
      else log.info({ epoch: start.epoch, sweep: start.sweep }, 'loading all tables')
    },
    prepared: (statements: readonly string[]) => {
      for (const sql of statements) log.info({ sql }, 'the source was set up')
    },
    waitingForSlot: () =>
      log.info({}, 'making the slot; this waits until the transactions that run now have ended'),
    slotCreated: (consistentLsn: bigint) =>
      log.info({ consistentLsn: formatLsn(consistentLsn) }, 'slot and snapshot are made'),
    streaming: (from: bigint) => log.info({ from: formatLsn(from) }, 'streaming'),
    sourceTransaction: () => meters.sourceTransactions.inc(),
    delivered: (batch: Delivered, tables: readonly SourceTable[]) => {
      for (const table of tables) {
        if (table.pending > 0) meters.rows.inc({ dataset: table.dataset }, table.pending)
        table.pending = 0
        tellTooLarge(table)
      }
      meters.bytes.inc(batch.bytes)
      meters.commits.observe(batch.seconds)
      log.debug({ records: batch.records, bytes: batch.bytes, ...position(batch.position) }, 'committed')
    },
    reread: (rows: number, repeated: number, seconds: number) => {
      meters.reread.inc(rows)
      meters.rereadSeconds.observe(seconds)
      log.debug({ rows, repeated, seconds }, 'large values were read again')
    },
    ...loadEvents(log, meters),
    ...slotEvents(log, meters),
    ...outageEvents(log, meters),
  }
}

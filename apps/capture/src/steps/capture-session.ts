import { RelationTracker, snapshotLsn } from '@headrace/changes'
import type { FencedWriter } from '@headrace/kafka'
import {
  connect,
  createSlot,
  dropSlot,
  numericDomains,
  openCopySession,
  type PostgresConnection,
  type PostgresSession,
  preparePublication,
  problemsOf,
  quoteLiteral,
  readIdentity,
  readSlot,
  readTables,
  readTimelineEnd,
  releaseSlot,
  requireFit,
  type SourceIdentity,
} from '@headrace/postgres'
import type { Failpoints, Health } from '@headrace/runtime'
import type { CapturePosition, TableShapes } from '@headrace/wire'
import type { SourceTable } from '../adapters/captured-table.ts'
import { shapesRecord } from '../adapters/position-record.ts'
import type { Events } from '../events.ts'
import { ChangeDelivery } from './change-delivery.ts'
import { RereadCompleter } from './complete-rows.ts'
import { checkSlot, decideStart, type Start } from './decide-start.ts'
import { Delivery, type DeliveryLimits } from './delivery.ts'
import { firstLoad } from './first-load.ts'
import { planLoad } from './load-plan.ts'
import { Progress } from './progress.ts'
import { streamChanges } from './stream-changes.ts'
import { ShapeWatch } from './watch-shapes.ts'
import { watchSource } from './watch-source.ts'

export interface CaptureOptions {
  readonly connection: PostgresConnection
  readonly source: { readonly name: string; readonly slot: string; readonly publication: string }
  readonly tables: readonly SourceTable[]
  readonly partitions: number
  /** The catalogue when it was last compared, null when nobody did (03 C8). */
  readonly shapes: TableShapes | null
  /** The highest epoch of other slots of the pipeline. */
  readonly epochOfOthers: number
  keepShapes(shapes: TableShapes): void
  readonly topics: { readonly positions: string; readonly relations: string }
  readonly loadConnections: number
  readonly limits: DeliveryLimits
  /** How often slot and readiness are looked at. */
  readonly watchMs: number
  readonly events: Events
  readonly health: Health
  readonly failpoints: Failpoints
  /** Tests look at its bounds. */
  readonly observe?: (delivery: Delivery) => void
  /** Tests act when the tables of a first load are held and not planned yet. */
  readonly held?: () => Promise<void>
}

/** One connected spell: from the position to wherever the source or Kafka ends it. Gives the position it came to, also when it fails. */
export const captureSession = async (
  options: CaptureOptions,
  writer: FencedWriter,
  position: CapturePosition | null,
  signal: AbortSignal,
  reached: (position: CapturePosition) => void,
): Promise<void> => {
  const session = await connect(options.connection, signal)
  try {
    const { start, identity } = await findStart(options, session, position)
    options.events.starting(start)
    if (start.kind === 'stream') {
      await checkFit(options, session)
      await capture(
        options,
        session,
        writer,
        { ...start.position, timeline: identity.timeline },
        null,
        signal,
        reached,
      )
    } else await loadAndCapture(options, session, writer, start, identity, signal, reached)
  } finally {
    await session.stop().catch(() => undefined)
  }
}

const findStart = async (
  { connection, source, tables, epochOfOthers }: CaptureOptions,
  session: PostgresSession,
  position: CapturePosition | null,
): Promise<{ readonly start: Start; readonly identity: SourceIdentity }> => {
  const identity = await readIdentity(connection)
  // who holds the slot now is fenced already: its last acknowledgement must not come after our look
  await releaseSlot(session, source.slot)
  const slot = await readSlot(session, source.slot)
  const moved = position !== null && position.timeline !== 0 && position.timeline !== identity.timeline
  const timelineEnd = moved ? await readTimelineEnd(connection, position.timeline, identity.timeline) : null
  const start = decideStart({
    slotName: source.slot,
    slot,
    position,
    epochOfOthers,
    identity,
    timelineEnd,
    tables,
  })
  return { start, identity }
}

const checkFit = async ({ source, tables }: CaptureOptions, session: PostgresSession): Promise<void> =>
  requireFit(
    source.name,
    await problemsOf(session, { slot: source.slot, publication: source.publication, tables }),
  )

const ALIVE_MS = 5_000

/** Transactions of others may last for hours: whoever waits for them is no dead process. */
const alive = async <T>(health: Health, wait: () => Promise<T>): Promise<T> => {
  const timer = setInterval(() => health.turned(), ALIVE_MS)
  try {
    return await wait()
  } finally {
    clearInterval(timer)
  }
}

/** What a fresh load needs besides the position. */
interface Load {
  readonly snapshot: string
  readonly consistentLsn: bigint
  readonly sweep: boolean
}

/** Publication first, then the slot (03 C12): a slot that has seen a missing publication may never recover. */
const loadAndCapture = async (
  options: CaptureOptions,
  session: PostgresSession,
  writer: FencedWriter,
  start: Start & { readonly kind: 'load' },
  identity: SourceIdentity,
  signal: AbortSignal,
  reached: (position: CapturePosition) => void,
): Promise<void> => {
  const { connection, source, tables, events } = options
  const wish = { slot: source.slot, publication: source.publication, tables }
  // without the right to do so, the check below says what to run
  events.prepared(await preparePublication(session, source.publication, tables).catch(() => []))
  await checkFit(options, session)
  await dropSlot(session, wish.slot)
  events.waitingForSlot()
  const slot = await alive(options.health, () => createSlot(connection, wish.slot, signal))
  try {
    events.slotCreated(slot.consistentLsn)
    const position: CapturePosition = {
      slot: source.slot,
      epoch: start.epoch,
      commitLsn: snapshotLsn(slot.consistentLsn),
      ordinal: 0,
      complete: false,
      acknowledgedLsn: slot.consistentLsn,
      ...identity,
      snapshot: { consistentLsn: slot.consistentLsn, finished: false, tables: [] },
    }
    const load: Load = { snapshot: slot.snapshot, consistentLsn: slot.consistentLsn, sweep: start.sweep }
    await capture(options, session, writer, position, { ...load, release: slot.release }, signal, reached)
  } finally {
    await slot.release().catch(() => undefined)
  }
}

const capture = async (
  options: CaptureOptions,
  session: PostgresSession,
  writer: FencedWriter,
  position: CapturePosition,
  load: (Load & { release(): Promise<void> }) | null,
  signal: AbortSignal,
  reached: (position: CapturePosition) => void,
): Promise<void> => {
  const ended = new AbortController()
  const both = AbortSignal.any([signal, ended.signal])
  const running = await wire(options, session, position, writer, reached, load !== null)
  const writing = running.delivery.run()
  const working = work(options, session, running, load, both)
  try {
    // the writer returns only when it is closed: here it can only fail
    await Promise.race([working, writing])
  } finally {
    ended.abort()
    await working.catch(() => undefined)
    await running.streamed.catch(() => undefined)
    running.delivery.close()
    await writing.finally(() => running.completer.stop())
  }
}

interface Running {
  readonly delivery: Delivery
  readonly completer: RereadCompleter
  readonly shapeWatch: ShapeWatch
  readonly changes: ChangeDelivery
  readonly relations: RelationTracker<SourceTable>
  /** Set once there is a stream. */
  acknowledge: (lsn: bigint) => void
  /** Settles when the stream has let go of its slot. */
  streamed: Promise<void>
}

const wire = async (
  options: CaptureOptions,
  session: PostgresSession,
  position: CapturePosition,
  writer: FencedWriter,
  reached: (position: CapturePosition) => void,
  anew: boolean,
): Promise<Running> => {
  const { tables, topics, limits, failpoints, events, health, partitions } = options
  const infos = await readTables(session, tables)
  const relations = new RelationTracker<SourceTable>({ tables, numericTypes: numericDomains(infos) })
  const completer = new RereadCompleter({ connection: options.connection, events })
  const delivery: Delivery = new Delivery({
    writer,
    completer,
    positionsTopic: topics.positions,
    progress: new Progress(position),
    limits,
    failpoints,
    delivered: batch => {
      reached(batch.position)
      running.acknowledge(batch.position.acknowledgedLsn)
      health.turned()
      events.delivered(batch, tables)
      if (batch.position.snapshot?.finished !== true) {
        failpoints('capture.load')
        events.loadProgress(batch.position.snapshot?.tables ?? [], Date.now())
      }
    },
  })
  const changes = new ChangeDelivery({
    delivery,
    relationsTopic: topics.relations,
    partitions,
    epoch: position.epoch,
    described: xid => shapeWatch.ask(xid),
    ended: events.sourceTransaction,
  })
  const shapeWatch = watchOf(options, delivery, position.slot, anew)
  options.observe?.(delivery)
  const running: Running = {
    delivery,
    completer,
    shapeWatch,
    changes,
    relations,
    acknowledge: () => undefined,
    streamed: Promise.resolve(),
  }
  return running
}

/** The catalogue of a new load is where comparing begins. */
const watchOf = (options: CaptureOptions, delivery: Delivery, slot: string, anew: boolean): ShapeWatch =>
  new ShapeWatch({
    connection: options.connection,
    source: options.source,
    tables: options.tables,
    known: anew ? null : options.shapes,
    everyMs: options.watchMs,
    save: shapes => {
      options.keepShapes(shapes)
      delivery.add(shapesRecord(options.topics.positions, slot, shapes))
    },
  })

/** The catalogue as the load's snapshot sees it; else what changed while nobody looked (03 C8). */
const lookAtStart = async (session: PostgresSession, watch: ShapeWatch, load: Load | null): Promise<void> => {
  if (load === null) return watch.look(session)
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await session.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(load.snapshot)}`)
  await watch.look(session)
  await session.query('COMMIT')
}

const loadTables = async (
  options: CaptureOptions,
  session: PostgresSession,
  running: Running,
  load: Load & { release(): Promise<void> },
  signal: AbortSignal,
): Promise<void> => {
  const { connection, source, events, health, loadConnections } = options
  const { delivery } = running
  const before = performance.now()
  // what is planned is held, so that it is what the snapshot saw until all is read; who is changing a table is waited for
  const first = await alive(health, () =>
    openCopySession({ connection, snapshot: load.snapshot, tables: options.tables, wait: true, signal }),
  )
  try {
    await options.held?.()
    const tables = await planLoad(session, source, options.tables, running)
    const { epoch } = delivery.committed
    await firstLoad({
      ...load,
      ...running,
      connection,
      source: source.name,
      epoch,
      tables,
      held: options.tables,
      first,
      connections: loadConnections,
      events,
      signal,
    })
  } finally {
    first.stop()
  }
  await delivery.settled(signal)
  await load.release()
  events.loadFinished(delivery.committed.snapshot?.tables ?? [], (performance.now() - before) / 1000)
}

const work = async (
  options: CaptureOptions,
  session: PostgresSession,
  running: Running,
  load: (Load & { release(): Promise<void> }) | null,
  signal: AbortSignal,
): Promise<void> => {
  const { connection, source, events, health, failpoints } = options
  const { delivery, changes, relations } = running
  await lookAtStart(session, running.shapeWatch, load)
  if (load !== null) await loadTables(options, session, running, load, signal)
  if (signal.aborted) return
  failpoints('capture.before_stream')
  const stream = await streamChanges({
    connection,
    ...source,
    source: source.name,
    position: delivery.committed,
    relations,
    changes,
    delivery,
    // somebody may have dropped the slot during the load and made it again
    check: async () =>
      checkSlot({ slotName: source.slot, slot: await readSlot(session, source.slot) }, delivery.committed),
    signal,
  })
  running.acknowledge = lsn => stream.acknowledge(lsn)
  running.streamed = stream.done
  events.streaming(delivery.committed.acknowledgedLsn)
  health.ready()
  const watching = watchSource({
    session,
    slot: source.slot,
    view: stream.view,
    acknowledged: () => delivery.committed.acknowledgedLsn,
    lagSeconds: () =>
      delivery.idle || changes.newestCommitUs === 0
        ? 0
        : Math.max(0, Date.now() - changes.newestCommitUs / 1000) / 1000,
    events,
    health,
    everyMs: options.watchMs,
    signal,
  })
  const comparing = running.shapeWatch.run(signal)
  for (const each of [watching, comparing]) each.catch(() => undefined)
  await Promise.race([stream.done, watching, comparing])
}

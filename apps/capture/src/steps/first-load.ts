import { type Relation, type RelationTracker, SnapshotDecoder, snapshotLsn } from '@headrace/changes'
import { codeOf, type ErrorCode } from '@headrace/errors'
import {
  type CopySession,
  type Heap,
  openCopySession,
  type PostgresConnection,
  type TableName,
} from '@headrace/postgres'
import { MarkerKind, type TableProgress } from '@headrace/wire'
import { noteTooLarge, type SourceTable } from '../adapters/captured-table.ts'
import type { Events } from '../events.ts'
import type { ChangeDelivery } from './change-delivery.ts'
import type { Delivery } from './delivery.ts'
import { copyStatements } from './load-plan.ts'

/** Positions count in 32 bits; beyond it rows of one load share the last ordinal, and have different keys anyway. */
const MAX_ORDINAL = 0xffff_ffff

/** Lost connections in a row, per connection, after which the load begins anew. */
const MAX_LOST = 5

const NOT_TO_BE_HAD: readonly ErrorCode[] = ['postgres.refused', 'postgres.unreachable']

/** One table to load: as it is described, and where its rows lie. */
export interface LoadTable {
  readonly relation: Relation<SourceTable>
  readonly heaps: readonly Heap[]
  readonly columns: readonly string[]
  readonly filter: string | null
}

export interface FirstLoadOptions {
  readonly connection: PostgresConnection
  readonly source: string
  readonly epoch: number
  readonly snapshot: string
  readonly consistentLsn: bigint
  readonly tables: readonly LoadTable[]
  /** Each connection holds them all (libs/postgres openCopySession). */
  readonly held: readonly TableName[]
  /** The first of the connections; whoever opened it stops it. */
  readonly first: CopySession
  /** Altogether; fewer where somebody waits to change a table, or one cannot be had. */
  readonly connections: number
  readonly delivery: Delivery
  readonly changes: ChangeDelivery
  readonly relations: RelationTracker<SourceTable>
  /** Ends the load with sweep markers (03 C12). */
  readonly sweep: boolean
  readonly events: Pick<Events, 'partLost'>
  readonly signal: AbortSignal
}

interface Task {
  readonly table: LoadTable
  readonly progress: TableProgress
  readonly sql: string
  /** Statements of the table that are not done. */
  readonly left: { count: number }
}

/** Reads all tables at the slot's snapshot over several connections; resolves when every row was handed to the delivery. */
export const firstLoad = async (options: FirstLoadOptions): Promise<void> => {
  const { delivery, changes, consistentLsn, tables, signal } = options
  const lsn = snapshotLsn(consistentLsn)
  const tasks = planTasks(options)
  const counter = { next: 0 }
  for (const { relation } of tables) changes.relation(relation)
  const abort = new AbortController()
  const both = AbortSignal.any([signal, abort.signal])
  const work = (reader: Reader | undefined): Promise<void> => loadTasks(options, tasks, counter, both, reader)
  const workers = Array.from({ length: Math.min(options.connections, tasks.length) }, (_, worker) =>
    worker === 0 ? work(readerOf(options.first, options, both)) : openAnother(options, both).then(work),
  )
  try {
    await Promise.all(workers)
  } finally {
    // one that failed takes the others with it
    abort.abort()
    await Promise.allSettled(workers)
  }
  signal.throwIfAborted()
  if (options.sweep)
    for (const { relation } of tables) changes.mark(relation.table!, MarkerKind.SWEEP, lsn, 0)
  delivery.progress.at(lsn, Math.max(0, counter.next - 1))
  delivery.progress.ended(lsn, consistentLsn)
  delivery.progress.finished = true
  delivery.commitPosition()
}

const planTasks = ({ tables, delivery }: FirstLoadOptions): Task[] =>
  tables.flatMap(table => {
    const label = table.relation.table!.label
    const progress = delivery.progress.tables.find(each => each.table === label)!
    const statements = table.heaps.flatMap(heap => copyStatements(heap, table.columns, table.filter))
    const left = { count: statements.length }
    if (statements.length === 0) progress.finished = true
    return statements.map(sql => ({ table, progress, sql, left }))
  })

interface Reader {
  readonly session: CopySession
  close(): void
}

/** A session that the delivery may hold back and the signal ends. */
const readerOf = (session: CopySession, { delivery }: FirstLoadOptions, signal: AbortSignal): Reader => {
  const removeValve = delivery.addValve(session)
  const stop = (): void => session.stop()
  signal.addEventListener('abort', stop, { once: true })
  return {
    session,
    close: () => {
      signal.removeEventListener('abort', stop)
      removeValve()
      session.stop()
    },
  }
}

const openReader = async (options: FirstLoadOptions, signal: AbortSignal, wait: boolean): Promise<Reader> => {
  const { connection, snapshot, held: tables } = options
  return readerOf(await openCopySession({ connection, snapshot, tables, wait, signal }), options, signal)
}

/**
 * One connection more, unless somebody waits to change a table: he would be waited for, and he waits for us. Nor where the server
 * has none left, or it is lost at once: those that are open go on, and tell when the server is away.
 */
const openAnother = (options: FirstLoadOptions, signal: AbortSignal): Promise<Reader | undefined> =>
  openReader(options, signal, false).catch((error: unknown) => {
    if (NOT_TO_BE_HAD.includes(codeOf(error))) return undefined
    throw error
  })

const loadTasks = async (
  options: FirstLoadOptions,
  tasks: Task[],
  counter: { next: number },
  signal: AbortSignal,
  begin: Reader | undefined,
): Promise<void> => {
  if (begin === undefined) return
  let reader = begin
  let lost = 0
  try {
    for (let next = tasks.shift(); next !== undefined && !signal.aborted;) {
      const task = next
      try {
        await loadTask(options, task, reader.session, counter)
        task.left.count -= 1
        if (task.left.count === 0) task.progress.finished = true
        next = tasks.shift()
        lost = 0
      } catch (error) {
        lost += 1
        if (signal.aborted || lost > MAX_LOST || codeOf(error) !== 'postgres.unreachable') throw error
        options.events.partLost(task.progress.table, error instanceof Error ? error.message : '')
        reader.close()
        // without the snapshot the whole load begins anew, and the first error says why
        reader = await openReader(options, signal, true).catch((again: unknown) => {
          throw codeOf(again) === 'capture.load_overtaken' ? again : error
        })
      }
    }
  } finally {
    reader.close()
  }
}

/** Reads one part. Read again after a lost connection, its rows have the same values at higher ordinals: newest wins. */
const loadTask = async (
  { source, epoch, consistentLsn, changes, delivery }: FirstLoadOptions,
  { table, progress, sql }: Task,
  session: CopySession,
  counter: { next: number },
): Promise<void> => {
  const lsn = snapshotLsn(consistentLsn)
  const decoder = new SnapshotDecoder<SourceTable>({ source, epoch, lsn })
  const { relation } = table
  let rows = 0n
  try {
    await session.copy(sql, (buffer, start, end) => {
      const ordinal = Math.min(counter.next, MAX_ORDINAL)
      counter.next += 1
      const { key, value, tooLargeBytes } = decoder.row(relation, buffer, start, end, ordinal)
      if (tooLargeBytes > 0) noteTooLarge(relation.table!, tooLargeBytes)
      changes.loaded(relation, key, value, lsn, ordinal)
      rows += 1n
      progress.rowsDone += 1n
      delivery.checkBounds()
    })
  } catch (error) {
    progress.rowsDone -= rows
    throw error
  }
}

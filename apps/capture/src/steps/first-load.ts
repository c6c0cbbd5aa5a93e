import { type Relation, type RelationTracker, SnapshotDecoder, snapshotLsn } from '@headrace/changes'
import { codeOf } from '@headrace/errors'
import { type CopySession, type Heap, openCopySession, type PostgresConnection } from '@headrace/postgres'
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
  const workers = Array.from({ length: Math.min(options.connections, tasks.length) }, () =>
    loadTasks(options, tasks, counter, AbortSignal.any([signal, abort.signal])),
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

/** A session at the snapshot that the delivery may hold back and the signal ends. */
const openReader = async ({ connection, snapshot, delivery }: FirstLoadOptions, signal: AbortSignal) => {
  const session = await openCopySession({ connection, snapshot })
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

const loadTasks = async (
  options: FirstLoadOptions,
  tasks: Task[],
  counter: { next: number },
  signal: AbortSignal,
): Promise<void> => {
  let reader = await openReader(options, signal)
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
        reader = await openReader(options, signal).catch(() => {
          throw error
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

import { setTimeout as sleep } from 'node:timers/promises'
import { requireColumns } from '@headrace/changes'
import { HeadraceError } from '@headrace/errors'
import {
  connect,
  isVisible,
  type PostgresConnection,
  type PostgresSession,
  readSnapshot,
  readTableShapes,
} from '@headrace/postgres'
import { TableShapes, type TableShape } from '@headrace/wire'
import type { SourceTable } from '../adapters/captured-table.ts'
import { isInRows, remember, silentChanges } from './compare-shapes.ts'

export interface ShapeWatchOptions {
  readonly connection: PostgresConnection
  readonly source: { readonly name: string; readonly publication: string }
  readonly tables: readonly SourceTable[]
  /** The catalogue when it was last compared; null: nobody looked yet. */
  readonly known: TableShapes | null
  readonly everyMs: number
  /** What is known now is to be kept. */
  save(shapes: TableShapes): void
}

const FIRST_WAIT_MS = 1
const LONGEST_WAIT_MS = 100

/** Compares the catalogue with what is known every few seconds and whenever it is told to (03 C8). */
export class ShapeWatch {
  readonly #options: ShapeWatchOptions
  #known: TableShapes | null
  #saved = ''
  /** The last reading of the catalogue. */
  #read = ''
  #asked = false
  /** Transactions that described a table, and that nobody may see yet. */
  #unseen: readonly number[] = []
  #wake: () => void = () => undefined

  constructor(options: ShapeWatchOptions) {
    this.#options = options
    this.#known = options.known
  }

  /** A table was described anew, in the transaction `xid`: its catalogue is looked at as soon as that is seen. */
  ask(xid?: number): void {
    this.#asked = true
    if (xid !== undefined) this.#unseen = [...this.#unseen, xid]
    this.#wake()
  }

  /** Looks once; throws capture.schema_changed, or capture.column_missing before the stream tells. */
  async look(session: PostgresSession): Promise<void> {
    const { source, tables, save } = this.#options
    const now = await this.#readSettled(session)
    const before = this.#known?.tables ?? []
    requireSame(before, now, tables, source.name)
    for (const table of tables) {
      const shape = now.find(found => found.table === table.label)
      if (shape !== undefined) requireColumns(table, shape.columns.filter(isInRows))
    }
    const shapes: TableShapes = {
      tables: now.map(shape =>
        remember(
          before.find(({ table }) => table === shape.table),
          shape,
        ),
      ),
    }
    const text = textOf(shapes)
    // what an earlier spell saved may not have come to Kafka
    if (text !== this.#saved) save(shapes)
    this.#saved = text
    this.#known = shapes
  }

  /** Looks until the signal fires, on a session of its own: DDL that holds the table's lock makes it wait. */
  async run(signal: AbortSignal): Promise<void> {
    const session = await connect(this.#options.connection, signal)
    const stop = (): void => this.#wake()
    signal.addEventListener('abort', stop, { once: true })
    try {
      while (!signal.aborted) {
        this.#asked = false
        const looked = this.#untilSeen(session, signal).then(() => this.look(session))
        looked.catch(() => undefined)
        await Promise.race([looked, aborted(signal)])
        if (!this.#asked && !signal.aborted) await this.#pause()
      }
    } finally {
      signal.removeEventListener('abort', stop)
      await session.stop().catch(() => undefined)
    }
  }

  /** What the stream tells of is in the WAL, but not always over for other sessions: a look before that finds nothing. */
  async #untilSeen(session: PostgresSession, signal: AbortSignal): Promise<void> {
    for (
      let waitMs = FIRST_WAIT_MS;
      this.#unseen.length > 0;
      waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)
    ) {
      const snapshot = await readSnapshot(session)
      this.#unseen = this.#unseen.filter(xid => !isVisible(snapshot, xid))
      if (this.#unseen.length > 0) await sleep(waitMs, undefined, { signal })
    }
  }

  /**
   * The catalogue's functions look past the statement's snapshot, and fail at what is being dropped: one reading may show half of
   * what another transaction did. Two that are alike show a moment.
   */
  async #readSettled(session: PostgresSession): Promise<readonly TableShape[]> {
    const { source, tables } = this.#options
    const read = (): Promise<readonly TableShape[]> => readTableShapes(session, source.publication, tables)
    for (;;) {
      const before = this.#read
      const now = await read().catch((error: unknown) =>
        read().catch(() => {
          throw error
        }),
      )
      this.#read = textOf({ tables: [...now] })
      if (this.#read === before) return now
    }
  }

  #pause(): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, this.#options.everyMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

const textOf = (shapes: TableShapes): string =>
  Buffer.from(TableShapes.encode(shapes).finish()).toString('base64')

const CHANGED =
  'Mend the contract if it needs to follow, then run `headrace source reset DIR` to load the tables anew (`headrace dev` with a Kafka of its own does so whenever it starts).'
const GONE =
  'Give the table back under its name, or take its dataset out of the pipeline folder; then run `headrace source reset DIR`.'

const requireSame = (
  before: readonly TableShape[],
  after: readonly TableShape[],
  tables: readonly SourceTable[],
  source: string,
): void => {
  const changes = tables.flatMap(({ label, keyColumns, columns }) => {
    const known = before.find(({ table }) => table === label)
    const now = after.find(({ table }) => table === label)
    if (known === undefined) return []
    const held = new Set([...keyColumns, ...columns])
    return silentChanges(known, now, held).map(words => `  - ${label}: ${words}`)
  })
  const isGone = tables.some(
    ({ label }) => before.some(({ table }) => table === label) && !after.some(({ table }) => table === label),
  )
  if (changes.length === 0) return
  throw new HeadraceError(
    'capture.schema_changed',
    `rows changed without a row event, so what is in Kafka may differ from the tables\n${changes.join('\n')}`,
    {
      where: `source ${source}`,
      hint: isGone ? GONE : CHANGED,
    },
  )
}

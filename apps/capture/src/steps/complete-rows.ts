import { setTimeout as sleep } from 'node:timers/promises'
import { completeChange, type IncompleteRow, withoutValues } from '@headrace/changes'
import {
  connect,
  isVisible,
  type PostgresConnection,
  type PostgresSession,
  readRows,
  type RowsRead,
  readTables,
  sameTable,
  sqlStateOf,
  type TableInfo,
} from '@headrace/postgres'
import { noteTooLarge, type SourceTable } from '../adapters/captured-table.ts'

/** Rows of one statement. */
const BATCH_ROWS = 500
const FIRST_BATCH_ROWS = 50
/** So many bytes a batch should bring, by the size of the last values. */
const BATCH_BYTES = 8_388_608
const FIRST_WAIT_MS = 1
const LONGEST_WAIT_MS = 100
/** undefined_column, undefined_table, invalid_schema_name: the table has changed since. */
const GONE_STATES = new Set(['42703', '42P01', '3F000'])

/** A record that lacks values. */
export interface Gap {
  readonly row: IncompleteRow<SourceTable>
  readonly value: Buffer
}

/** Finds what incomplete records lack. */
export interface RowCompleter {
  /** How many to hand over at a time, so that what is read fits into memory. */
  readonly batchRows: number
  /** The records as they are written, in the same order; null when it was told to give up. */
  complete(gaps: readonly Gap[]): Promise<readonly Buffer[] | null>
  /** Waits no longer: neither for what is not visible yet, nor for who changes the table. */
  giveUp(): void
  stop(): Promise<void>
}

export interface RereadOptions {
  readonly connection: PostgresConnection
  readonly events: { reread(rows: number, repeated: number, seconds: number): void }
}

/** Looks the rows up in the table, in batches by key on a session of its own (03 C9). */
export class RereadCompleter implements RowCompleter {
  readonly #options: RereadOptions
  #session: PostgresSession | null = null
  #batchRows = FIRST_BATCH_ROWS
  readonly #over = new AbortController()
  /** By label, until a statement shows that the table has changed. */
  readonly #infos = new Map<string, TableInfo>()

  constructor(options: RereadOptions) {
    this.#options = options
  }

  get batchRows(): number {
    return this.#batchRows
  }

  giveUp(): void {
    this.#over.abort()
  }

  async stop(): Promise<void> {
    await this.#session?.stop().catch(() => undefined)
    this.#session = null
  }

  async complete(gaps: readonly Gap[]): Promise<readonly Buffer[] | null> {
    try {
      return await this.#complete(gaps)
    } catch (error) {
      if (this.#over.signal.aborted) return null
      throw error
    }
  }

  async #complete(gaps: readonly Gap[]): Promise<readonly Buffer[] | null> {
    const before = performance.now()
    const values = gaps.map(gap => gap.value)
    let waiting = [...gaps.keys()]
    let repeated = 0
    let bytes = 0
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      const unseen: number[] = []
      for (const group of groupsOf(gaps, waiting)) {
        const rows = group.map(index => gaps[index]!.row)
        const read = await this.#read(rows)
        for (const [at, index] of group.entries()) {
          // in the WAL, but not over for other sessions: what we saw may be older than the change
          if (read.snapshot !== null && !isVisible(read.snapshot, rows[at]!.xid)) unseen.push(index)
          else values[index] = filled(gaps[index]!, read.columns, read.rows[at])
          bytes += values[index]!.length
        }
      }
      if (unseen.length === 0) break
      if (this.#over.signal.aborted) return null
      repeated += unseen.length
      waiting = unseen
      await sleep(waitMs)
    }
    const meanBytes = Math.max(1, bytes / Math.max(1, gaps.length + repeated))
    this.#batchRows = Math.max(1, Math.min(BATCH_ROWS, Math.floor(BATCH_BYTES / meanBytes)))
    this.#options.events.reread(gaps.length, repeated, (performance.now() - before) / 1000)
    return values
  }

  /** Rows of one relation that lack the same columns. */
  async #read(rows: readonly IncompleteRow<SourceTable>[]): Promise<Found> {
    const { relation, columns } = rows[0]!
    const names = relation.description.columns.map(column => column.name)
    for (let attempt = 0; ; attempt += 1) {
      const session = await this.#open()
      const needed = [...relation.table!.keyColumns, ...columns.map(index => names[index]!)]
      const table = await this.#info(session, relation.table!, needed, attempt > 0)
      const there = (name: string): boolean => table?.columns.some(column => column.name === name) === true
      // a column that was dropped since, or a key that is no more: the stream tells about it later
      const found = columns.filter(index => there(names[index]!))
      if (table === null || found.length === 0 || !relation.table!.keyColumns.every(there)) return NOTHING
      try {
        const wanted = found.map(index => names[index]!)
        const keys = rows.map(row => row.key)
        const wish = { table, keyColumns: relation.table!.keyColumns, keys, columns: wanted }
        return { ...(await readRows(session, wish)), columns: found }
      } catch (error) {
        if (attempt >= 3 || !GONE_STATES.has(sqlStateOf(error))) throw error
      }
    }
  }

  async #open(): Promise<PostgresSession> {
    if (this.#session !== null) return this.#session
    const session = await connect(this.#options.connection, this.#over.signal)
    this.#session = session
    // a row that a policy hides must not look like one that is gone
    await session.query('SET row_security = off')
    return session
  }

  async #info(
    session: PostgresSession,
    table: SourceTable,
    columns: readonly string[],
    anew: boolean,
  ): Promise<TableInfo | null> {
    const known = anew ? undefined : this.#infos.get(table.label)
    if (known !== undefined && columns.every(name => known.columns.some(column => column.name === name)))
      return known
    const infos = await readTables(session, [table])
    const info = infos.find(each => sameTable(each, table)) ?? null
    if (info !== null) this.#infos.set(table.label, info)
    return info
  }
}

interface Found {
  /** Null: the table or its columns are no more, so there was nothing to see. */
  readonly snapshot: RowsRead['snapshot'] | null
  readonly rows: RowsRead['rows']
  /** Indexes of the columns that were read. */
  readonly columns: readonly number[]
}

const NOTHING: Found = { snapshot: null, rows: [], columns: [] }

const filled = (
  { value, row: { relation } }: Gap,
  columns: readonly number[],
  texts: readonly (string | null)[] | undefined,
): Buffer => {
  // gone by now: a later change in the stream says so
  if (texts === undefined) return value
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text ?? ''), value.length)
  const table = relation.table!
  if (bytes > table.maxRowBytes) {
    noteTooLarge(table, bytes)
    return withoutValues(value, relation, bytes)
  }
  return completeChange(value, new Map(columns.map((column, at) => [column, texts[at] ?? null])))
}

const groupsOf = (gaps: readonly Gap[], indexes: readonly number[]): Iterable<readonly number[]> => {
  const groups = new Map<string, number[]>()
  for (const index of indexes) {
    const { relation, columns } = gaps[index]!.row
    const name = JSON.stringify([String(relation.description.fingerprint), columns])
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [index])
    else group.push(index)
  }
  return groups.values()
}

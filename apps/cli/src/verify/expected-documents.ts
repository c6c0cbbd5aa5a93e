import { type OracleTable, type ViewDefinition, viewToSql } from '@headrace/denormalise'
import type { Pipeline } from '@headrace/pipeline'
import type { PostgresSession, TextRow } from '@headrace/postgres'

/** What the index must hold for a key, as SQL says it. */
export interface Expected {
  readonly key: string
  /** JSON text. */
  readonly document: string
  /** A list that is longer than its limit under `overflow: fail`: a stub stands for the document. */
  readonly overflow: string | undefined
}

const CHUNK = 500
/** Keys of one statement. */
export const LOOK_CHUNK = 200

export type OracleTables = ReadonlyMap<string, OracleTable>

/** Where each dataset's rows are, with the columns of its fields. */
export const oracleTables = (pipeline: Pipeline): OracleTables =>
  new Map(
    [...pipeline.datasets.values()].flatMap(({ name, contract: { table, fields } }) =>
      table === undefined
        ? []
        : [
            [
              name,
              {
                schema: table.schema,
                name: table.name,
                columns: new Map(fields.map(field => [field.name, field.column])),
              },
            ] as const,
          ],
    ),
  )

const readRow = (row: TextRow): Expected => ({
  key: row['key'] ?? '',
  document: row['document'] ?? 'null',
  overflow: row['overflow'] ?? undefined,
})

/** The view's documents by SQL (05 A19). Every reading is one snapshot of the database. */
export class ExpectedDocuments {
  readonly #session: PostgresSession
  readonly #view: ViewDefinition
  #tables: OracleTables

  constructor(session: PostgresSession, view: ViewDefinition, tables: OracleTables) {
    this.#session = session
    this.#view = view
    this.#tables = tables
  }

  /** Rows that are taken as not there from now on: record keys by dataset. */
  leaveOut(keys: ReadonlyMap<string, readonly string[]>): void {
    this.#tables = new Map(
      [...this.#tables].map(([dataset, table]) => [dataset, { ...table, without: keys.get(dataset) ?? [] }]),
    )
  }

  async #inSnapshot<T>(work: () => Promise<T>): Promise<T> {
    await this.#session.query('begin transaction isolation level repeatable read read only')
    try {
      return await work()
    } finally {
      // fails only when the session is lost, which `work` tells better
      await this.#session.query('rollback').catch(() => undefined)
    }
  }

  /** All documents in the order of their keys' bytes, a chunk at a time. */
  async *all(): AsyncGenerator<readonly Expected[]> {
    const { sql } = viewToSql(this.#view, this.#tables)
    await this.#session.query('begin transaction isolation level repeatable read read only')
    try {
      // the whole result is read: plans for its first rows are the wrong ones
      await this.#session.query('set local cursor_tuple_fraction = 1')
      await this.#session.query('set local jit = off')
      await this.#session.query(
        `declare expected no scroll cursor for select v.key, v.document, v.overflow from (\n${sql}\n) v order by v.key collate "C"`,
      )
      for (;;) {
        const rows = await this.#session.query(`fetch forward ${CHUNK} from expected`)
        if (rows.length > 0) yield rows.map(readRow)
        if (rows.length < CHUNK) return
      }
    } finally {
      await this.#session.query('rollback').catch(() => undefined)
    }
  }

  /** Documents of these keys, all of one moment; a key without a row is not in the map. */
  ofKeys(keys: readonly string[]): Promise<ReadonlyMap<string, Expected>> {
    return this.#inSnapshot(async () => {
      const found = new Map<string, Expected>()
      for (let at = 0; at < keys.length; at += LOOK_CHUNK) {
        for (const expected of await this.#look(keys.slice(at, at + LOOK_CHUNK)))
          found.set(expected.key, expected)
      }
      return found
    })
  }

  async #look(keys: readonly string[]): Promise<readonly Expected[]> {
    const { parametersOf } = viewToSql(this.#view, this.#tables, { keys: 0 })
    const byColumns: (readonly string[])[] = []
    const byText: (readonly string[])[] = []
    for (const key of keys) {
      // no text of Postgres holds a zero character, so such a key has no row
      if (key.includes('\u0000')) continue
      const parameters = parametersOf(key)
      if (parameters === undefined) byText.push([key])
      else byColumns.push(parameters)
    }
    return [...(await this.#select(byColumns, 'columns')), ...(await this.#select(byText, 'text'))]
  }

  async #select(
    parameters: readonly (readonly string[])[],
    match: 'columns' | 'text',
  ): Promise<readonly Expected[]> {
    if (parameters.length === 0) return []
    const { sql } = viewToSql(this.#view, this.#tables, { keys: parameters.length, match })
    return (await this.#session.query(sql, parameters.flat())).map(readRow)
  }

  /** About `size` keys by chance. */
  async sampleKeys(size: number): Promise<readonly string[]> {
    const { root } = this.#view
    const keysOnly: ViewDefinition = {
      ...this.#view,
      root: { ...root, fields: [], lists: [], references: [] },
      aggregates: [],
    }
    const { sql } = viewToSql(keysOnly, this.#tables)
    const rows = await this.#session.query(`select v.key from (\n${sql}\n) v order by random() limit ${size}`)
    return rows.map(row => row['key'] ?? '')
  }
}

import { createDatabase, type TestDatabase } from '@headrace/testkit'
import { quoteIdentifier, quoteLiteral } from '../oracle/sql-text.ts'
import type { OracleStatement, viewToSql } from '../oracle/view-to-sql.ts'
import type { RandomCase, RandomTable } from '../oracle/testing/random-view.ts'
import { SIZE_TYPE } from '../oracle/testing/value-pools.ts'

export interface OracleRow {
  readonly key: string
  readonly document: string
  readonly overflow: string | null
}

/** Some are words that the statement uses itself. */
const columnOf = (field: string): string =>
  ({ v0: 'k', v1: 'k0', v2: 'value', v3: 'place' })[field] ?? `column of ${field}`

const tableSql = ({ name, columns, primaryKey, rows }: RandomTable): string => {
  const names = Object.keys(columns)
  const values = rows.map(
    row => `(${names.map(each => (row[each] === null ? 'null' : quoteLiteral(row[each]!))).join(', ')})`,
  )
  const table = `oracle.${quoteIdentifier(name)}`
  return [
    `create table ${table} (`,
    names.map(each => `${quoteIdentifier(columnOf(each))} ${columns[each]!.sqlType}`).join(', '),
    `, primary key (${primaryKey.map(each => quoteIdentifier(columnOf(each))).join(', ')}));`,
    values.length === 0 ? '' : `insert into ${table} values ${values.join(', ')};`,
  ].join('')
}

const PINNED = `set local TimeZone = 'UTC'; set local DateStyle = 'ISO'; set local search_path = ''; set local extra_float_digits = 1`

export const tablesOf = ({ tables }: Pick<RandomCase, 'tables'>): Parameters<typeof viewToSql>[1] =>
  new Map(
    [...tables].map(([dataset, { name, columns }]) => [
      dataset,
      {
        schema: 'oracle',
        name,
        columns: new Map(Object.keys(columns).map(each => [each, columnOf(each)])),
      },
    ]),
  )

/** A database in which random tables stand for as long as somebody asks. */
export class RandomTables {
  private readonly database: TestDatabase

  private constructor(database: TestDatabase) {
    this.database = database
  }

  static async open(): Promise<RandomTables> {
    const database = await createDatabase('oracle')
    await database.query('create schema oracle')
    await database.query(SIZE_TYPE)
    return new RandomTables(database)
  }

  drop(): Promise<void> {
    return this.database.drop()
  }

  /** Runs in a transaction that is taken back. */
  async with(
    { tables }: Pick<RandomCase, 'tables'>,
    use: (
      run: (statement: OracleStatement, values?: readonly string[]) => Promise<OracleRow[]>,
    ) => Promise<void>,
  ): Promise<void> {
    const client = await this.database.pool.connect()
    try {
      await client.query(`begin; ${PINNED}`)
      await client.query([...tables.values()].map(tableSql).join('\n'))
      await use(async ({ sql }, values = []) => (await client.query<OracleRow>(sql, [...values])).rows)
    } finally {
      await client.query('rollback')
      client.release()
    }
  }
}

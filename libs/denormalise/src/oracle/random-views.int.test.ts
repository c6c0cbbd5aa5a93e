import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createDatabase, type TestDatabase, testSeed } from '@headrace/testkit'
import fc from 'fast-check'
import { compareJson } from './compare-json.ts'
import { quoteIdentifier, quoteLiteral } from './sql-text.ts'
import { NaiveDocuments } from './testing/naive-documents.ts'
import { type RandomCase, randomCase, type RandomTable } from './testing/random-view.ts'
import { SIZE_TYPE } from './testing/value-pools.ts'
import { type OracleStatement, viewToSql } from './view-to-sql.ts'

interface OracleRow {
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

const byKey = (a: { readonly key: string }, b: { readonly key: string }): number => (a.key < b.key ? -1 : 1)

describe('viewToSql on Postgres (05 A19, A20)', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase('oracle')
    await database.query('create schema oracle')
    await database.query(SIZE_TYPE)
  })
  afterAll(() => database.drop())

  /** Runs in a transaction that is taken back. */
  const inTables = async (
    given: RandomCase,
    use: (
      run: (statement: OracleStatement, values?: readonly string[]) => Promise<OracleRow[]>,
    ) => Promise<void>,
  ): Promise<void> => {
    const client = await database.pool.connect()
    try {
      await client.query(`begin; ${PINNED}`)
      await client.query([...given.tables.values()].map(tableSql).join('\n'))
      await use(async ({ sql }, values = []) => (await client.query<OracleRow>(sql, [...values])).rows)
    } finally {
      await client.query('rollback')
      client.release()
    }
  }

  const tablesOf = ({ tables }: RandomCase): Parameters<typeof viewToSql>[1] =>
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

  it('gives what a naive recomputation gives, for all rows and for given keys', async () => {
    const seen = { documents: 0, lists: 0, overflow: 0, deep: 0, hashed: 0, filled: 0 }
    await fc.assert(
      fc.asyncProperty(fc.gen(), async gen => {
        const given = randomCase(n => gen(fc.nat, { max: n - 1 }))
        const expected = new NaiveDocuments(given).all().sort(byKey)
        await inTables(given, async run => {
          const whole = viewToSql(given.view, tablesOf(given))
          const rows = (await run(whole)).sort(byKey)
          expectSame(rows, expected)
          const asked = expected.filter((_, index) => index % 2 === 0).map(({ key }) => key)
          const expectedOfAsked = expected.filter((_, index) => index % 2 === 0)
          const byText = viewToSql(given.view, tablesOf(given), { keys: asked.length, match: 'text' })
          expectSame((await run(byText, asked)).sort(byKey), expectedOfAsked)
          const plain = expectedOfAsked.filter(({ key }) => whole.parametersOf(key) !== undefined)
          const byColumns = viewToSql(given.view, tablesOf(given), { keys: plain.length })
          const parameters = plain.flatMap(({ key }) => whole.parametersOf(key)!)
          expectSame((await run(byColumns, parameters)).sort(byKey), plain)
        })
        seen.documents += expected.length
        seen.filled += expected.filter(each => each.document.includes('},{')).length
        seen.overflow += expected.filter(each => each.overflow).length
        seen.hashed += expected.filter(each => each.key.startsWith('\u0001')).length
        seen.lists += given.view.root.lists.length
        seen.deep += given.view.root.lists.filter(list =>
          list.node.lists.some(below => below.node.lists.length > 0),
        ).length
      }),
      { numRuns: 200, seed: testSeed() },
    )
    // a run that tested nothing must not pass
    for (const [what, count] of Object.entries(seen))
      expect({ what, enough: count >= 3 }).toEqual({ what, enough: true })
  }, 120_000)
})

const expectSame = (rows: readonly OracleRow[], expected: ReturnType<NaiveDocuments['all']>): void => {
  expect(rows.map(({ key, overflow }) => [key, overflow !== null])).toEqual(
    expected.map(({ key, overflow }) => [key, overflow]),
  )
  const differences = rows.flatMap(({ document }, index) => compareJson(expected[index]!.document, document))
  expect(differences).toEqual([])
}

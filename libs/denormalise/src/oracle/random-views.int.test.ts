import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { testSeed } from '@headrace/testkit'
import fc from 'fast-check'
import { compareJson } from './compare-json.ts'
import { NaiveDocuments } from './testing/naive-documents.ts'
import { type OracleRow, RandomTables, tablesOf } from '../testing/random-tables.ts'
import { randomCase } from './testing/random-view.ts'
import { viewToSql } from './view-to-sql.ts'

const byKey = (a: { readonly key: string }, b: { readonly key: string }): number => (a.key < b.key ? -1 : 1)

const ROUNDS = 8

describe('viewToSql on Postgres (05 A19, A20)', () => {
  let database: RandomTables
  beforeAll(async () => {
    database = await RandomTables.open()
  })
  afterAll(() => database.drop())

  it('gives what a naive recomputation gives, for all rows and for given keys', async () => {
    const seen = { documents: 0, lists: 0, overflow: 0, deep: 0, hashed: 0, filled: 0 }
    // a run that tested nothing must not pass: it goes on until everything was seen
    const isEnough = (): boolean => Object.values(seen).every(count => count >= 3)
    const seed = testSeed()
    for (let round = 0; round === 0 || (round < ROUNDS && !isEnough()); round++)
      await fc.assert(
        fc.asyncProperty(fc.gen(), async gen => {
          const given = randomCase(n => gen(fc.nat, { max: n - 1 }))
          const expected = new NaiveDocuments(given).all().sort(byKey)
          await database.with(given, async run => {
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
        { numRuns: 200, seed: seed + round },
      )
    for (const [what, count] of Object.entries(seen))
      expect({ what, enough: count >= 3 }).toEqual({ what, enough: true })
  }, 900_000)
})

const expectSame = (rows: readonly OracleRow[], expected: ReturnType<NaiveDocuments['all']>): void => {
  expect(rows.map(({ key, overflow }) => [key, overflow !== null])).toEqual(
    expected.map(({ key, overflow }) => [key, overflow]),
  )
  const differences = rows.flatMap(({ document }, index) => compareJson(expected[index]!.document, document))
  expect(differences).toEqual([])
}

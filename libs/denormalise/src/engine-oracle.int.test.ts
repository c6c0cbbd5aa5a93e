import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { testRuns, testSeed } from '@headrace/testkit'
import fc from 'fast-check'
import { compareJson } from './oracle/compare-json.ts'
import { RandomTables, tablesOf } from './testing/random-tables.ts'
import { type Draw, type RandomCase, randomCase } from './oracle/testing/random-view.ts'
import { viewToSql } from './oracle/view-to-sql.ts'
import { buildable, RandomHistory, runInAnyOrder } from './testing/random-history.ts'
import { Simulation } from './testing/simulation.ts'
import { countUses, type Uses } from './testing/view-uses.ts'
import type { ViewDefinition } from './view-definition.ts'

const RUNS = testRuns(60)
const ROUNDS = 8
const MS_PER_RUN = 1_000

describe('the engine against Postgres (05 A19, A20)', () => {
  let database: RandomTables
  beforeAll(async () => {
    database = await RandomTables.open()
  })
  afterAll(() => database.drop())

  /** Every document as Postgres has it must be what the engine makes, and the engine must have no others. */
  const expectEqual = async (
    simulation: Simulation,
    view: ViewDefinition,
    tables: RandomCase['tables'],
    keys: ReadonlySet<string>,
  ): Promise<number> => {
    let documents = 0
    await database.with({ tables }, async run => {
      const rows = await run(viewToSql(view, tablesOf({ tables })))
      documents = rows.length
      const left = new Set(keys)
      for (const { key, document, overflow } of rows) {
        left.delete(key)
        const assembled = simulation.group.assemble(key)
        expect(assembled.kind).toBe(overflow === null ? 'document' : 'overflow')
        if (assembled.kind === 'document')
          expect(compareJson(document, assembled.source.toString())).toEqual([])
      }
      for (const key of left) expect(simulation.group.assemble(key)).toEqual({ kind: 'absent' })
    })
    return documents
  }

  it(
    'gives the same documents after any part of any history, in any arrival order',
    async () => {
      const seed = testSeed()
      const seen = { schedules: 0, changes: 0, documents: 0 }
      const uses: Uses = {}
      const unused = (): string[] => Object.keys(uses).filter(use => uses[use] === 0)
      // what no view used was not tested: it goes on until every use was seen
      for (let round = 0; round === 0 || (round < ROUNDS && unused().length > 0); round++)
        await fc.assert(
          fc.asyncProperty(fc.gen(), async gen => {
            const draw: Draw = n => gen(fc.nat, { max: n - 1 })
            const given = randomCase(draw)
            const view = buildable(given.view)
            const history = new RandomHistory(given, draw)
            const simulation = new Simulation(view)
            const keys = new Set<string>()
            for (let part = 0; part < 4; part++) {
              const records = history.take()
              for (const { dataset, key, kind } of records)
                if (dataset === view.root.dataset && kind !== 'marker') keys.add(key)
              runInAnyOrder(simulation, records, draw)
              seen.documents += await expectEqual(simulation, view, history.tables(), keys)
              history.goOn(10 + draw(50))
            }
            seen.schedules++
            seen.changes += history.changes
            countUses(view, uses)
          }),
          { numRuns: RUNS, seed: seed + round, endOnFailure: true },
        )
      process.stdout.write(`${JSON.stringify({ seed, ...seen, uses })}\n`)
      expect(unused()).toEqual([])
    },
    Math.max(600_000, ROUNDS * RUNS * MS_PER_RUN),
  )
})

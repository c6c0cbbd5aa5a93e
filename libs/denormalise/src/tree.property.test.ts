import { describe, expect, it } from '@jest/globals'
import { testSeed } from '@headrace/testkit'
import fc from 'fast-check'
import { compareJson } from './oracle/compare-json.ts'
import { NaiveDocuments } from './oracle/testing/naive-documents.ts'
import { type Draw, randomCase } from './oracle/testing/random-view.ts'
import { planRefusals } from './plan-refusals.ts'
import { buildable, RandomHistory, runInAnyOrder } from './testing/random-history.ts'
import { Simulation } from './testing/simulation.ts'

const ROUNDS = 8

describe('references, links and deeper levels (05 A3-A6, A20)', () => {
  it('equal a naive recomputation after any history and arrival order', () => {
    const seen = { documents: 0, references: 0, deep: 0, three: 0, links: 0, overflow: 0, updates: 0 }
    // a run that tested nothing must not pass: it goes on until everything was seen
    const isEnough = (): boolean => Object.values(seen).every(count => count >= 3)
    const seed = testSeed()
    for (let round = 0; round === 0 || (round < ROUNDS && !isEnough()); round++)
      fc.assert(
        fc.property(fc.gen(), gen => {
          const draw: Draw = n => gen(fc.nat, { max: n - 1 })
          const given = randomCase(draw)
          const view = buildable(given.view)
          expect(planRefusals(view)).toEqual([])
          const history = new RandomHistory(given, draw)
          history.goOn(20 + draw(60))
          const simulation = new Simulation(view)
          runInAnyOrder(simulation, history.take(), draw)
          for (const { key, document, overflow } of new NaiveDocuments({
            tables: history.tables(),
            view,
          }).all()) {
            const assembled = simulation.group.assemble(key)
            expect(assembled.kind).toBe(overflow ? 'overflow' : 'document')
            if (assembled.kind === 'document')
              expect(compareJson(document, assembled.source.toString())).toEqual([])
            else seen.overflow++
            seen.documents++
          }
          const { lists, references } = view.root
          seen.references += references.length
          seen.links += lists.filter(list => list.node.references.length > 0).length
          seen.deep += lists.filter(list => list.node.lists.length > 0).length
          seen.three += lists.filter(list =>
            list.node.lists.some(below => below.node.lists.length > 0),
          ).length
          seen.updates += history.changes
        }),
        { numRuns: 400, seed: seed + round, endOnFailure: true },
      )
    for (const [what, count] of Object.entries(seen))
      expect({ what, enough: count >= 3 }).toEqual({ what, enough: true })
  }, 600_000)

  it('dirty every document that a change touches: what was made before equals what is made now', () => {
    fc.assert(
      fc.property(fc.gen(), gen => {
        const draw: Draw = n => gen(fc.nat, { max: n - 1 })
        const given = randomCase(draw)
        const simulation = new Simulation(buildable(given.view))
        const history = new RandomHistory(given, draw)
        history.goOn(20 + draw(60))
        const records = history.take()
        const keys = new Set(records.map(record => record.key))
        const made = new Map<string, string>()
        for (const record of records) {
          simulation.feed(record)
          for (const key of simulation.takeDirty()) made.set(key, textOf(simulation, key))
        }
        for (const key of keys) expect(made.get(key) ?? 'absent').toBe(textOf(simulation, key))
      }),
      { numRuns: 150, seed: testSeed(), endOnFailure: true },
    )
  }, 600_000)
})

const textOf = ({ group }: Simulation, key: string): string => {
  const assembled = group.assemble(key)
  return assembled.kind === 'document' ? assembled.source.toString() : assembled.kind
}

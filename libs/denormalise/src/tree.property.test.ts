import { describe, expect, it } from '@jest/globals'
import { testSeed } from '@headrace/testkit'
import { canonicalKeyText, jsonText, recordKey } from '@headrace/wire'
import fc from 'fast-check'
import { compareJson } from './oracle/compare-json.ts'
import { NaiveDocuments } from './oracle/testing/naive-documents.ts'
import {
  type Draw,
  type RandomCase,
  randomCase,
  type RandomTable,
  type Row,
} from './oracle/testing/random-view.ts'
import { planRefusals } from './plan-refusals.ts'
import { nextPosition, Simulation, type SourceRecord } from './testing/simulation.ts'
import type { ListDefinition, NodeDefinition, ViewDefinition } from './view-definition.ts'

/** The view without what is not built. */
const buildable = (view: ViewDefinition): ViewDefinition => {
  const node = (each: NodeDefinition, depth: number): NodeDefinition => ({
    ...each,
    lists: each.lists.map(list => listOf(list, depth)),
    references: each.references.map(to => ({ ...to, node: { ...to.node, lists: [], references: [] } })),
  })
  const listOf = (list: ListDefinition, depth: number): ListDefinition => ({
    ...list,
    node: node(list.node, depth + 1),
    overflow: depth > 0 && list.overflow === 'fail' ? 'truncate' : list.overflow,
  })
  return { ...view, root: node(view.root, 0) }
}

const keyOf = ({ primaryKey, columns }: RandomTable, row: Row): string =>
  recordKey(
    primaryKey.map(name =>
      canonicalKeyText(columns[name]!.type.kind === 'decimal' ? 'numeric' : 'text', row[name]!),
    ),
  )

/** Rows come, change (with the columns of another row), go and come again. */
class History {
  readonly records: SourceRecord[] = []
  private readonly given: RandomCase
  private readonly draw: Draw
  private readonly live = new Map<string, Map<string, Row>>()

  constructor(given: RandomCase, draw: Draw) {
    this.given = given
    this.draw = draw
    for (const name of given.tables.keys()) this.live.set(name, new Map())
    for (const table of given.tables.values()) for (const row of table.rows) this.put(table, row)
    const tables = [...given.tables.values()].filter(table => table.rows.length > 0)
    for (let left = tables.length === 0 ? 0 : 20 + draw(60); left > 0; left--)
      this.change(tables[draw(tables.length)]!)
  }

  /** What the tables hold at the end. */
  end(): RandomCase['tables'] {
    return new Map(
      [...this.given.tables].map(([name, table]) => [
        name,
        { ...table, rows: [...this.live.get(name)!.values()] },
      ]),
    )
  }

  private change(table: RandomTable): void {
    const pick = (): Row => table.rows[this.draw(table.rows.length)]!
    const row = pick()
    if (this.draw(3) === 0) return this.remove(table, row)
    const other = pick()
    this.put(table, {
      ...other,
      ...Object.fromEntries(table.primaryKey.map(column => [column, row[column]!])),
    })
  }

  private put(table: RandomTable, row: Row): void {
    const key = keyOf(table, row)
    this.live.get(table.name)!.set(key, row)
    const texts = Object.entries(row).map(
      ([name, value]) => [name, value === null ? null : jsonText(table.columns[name]!.type, value)!] as const,
    )
    const position = nextPosition()
    this.records.push({ dataset: table.name, key, position, kind: 'row', row: Object.fromEntries(texts) })
  }

  private remove(table: RandomTable, row: Row): void {
    const key = keyOf(table, row)
    if (!this.live.get(table.name)!.delete(key)) return
    const position = nextPosition()
    this.records.push(
      { dataset: table.name, key, position, kind: 'delete', row: {} },
      { dataset: table.name, key, position, kind: 'tombstone', row: {} },
    )
  }
}

/** Every reader of a dataset has its own place in the log; all of them, hops and emissions move in any order. */
const run = (simulation: Simulation, records: readonly SourceRecord[], draw: Draw): void => {
  const reader = (dataset: string, take: (record: SourceRecord) => unknown): (() => boolean) => {
    const own = records.filter(record => record.dataset === dataset)
    let at = 0
    return () => {
      const next = own[at++]
      if (next !== undefined) take(next)
      return next !== undefined
    }
  }
  const { plan } = simulation
  const readers = [
    ...plan.routers.map(({ dataset, number }) => reader(dataset, record => simulation.route(number, record))),
    ...plan.groups.map(group => reader(group.dataset, record => simulation.root(record, group))),
    ...plan.dimensions.map(({ dataset, number }) =>
      reader(dataset, record => simulation.dimension(number, record)),
    ),
  ]
  const hops = simulation.edges.map(
    ({ number }) =>
      () =>
        simulation.hop(number) !== undefined,
  )
  const emissions = plan.groups.map(group => () => simulation.emitBelow(group))
  const all = [...readers, ...readers, ...hops, ...emissions]
  for (let left = records.length * 3; left > 0; left--) all[draw(all.length)]!()
  for (const read of readers) while (read());
  simulation.drain()
}

describe('references, links and deeper levels (05 A3-A6, A20)', () => {
  it('equal a naive recomputation after any history and arrival order', () => {
    const seen = { documents: 0, references: 0, deep: 0, three: 0, links: 0, overflow: 0, updates: 0 }
    fc.assert(
      fc.property(fc.gen(), gen => {
        const draw: Draw = n => gen(fc.nat, { max: n - 1 })
        const given = randomCase(draw)
        const view = buildable(given.view)
        expect(planRefusals(view)).toEqual([])
        const history = new History(given, draw)
        const simulation = new Simulation(view)
        run(simulation, history.records, draw)
        for (const { key, document, overflow } of new NaiveDocuments({ tables: history.end(), view }).all()) {
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
        seen.three += lists.filter(list => list.node.lists.some(below => below.node.lists.length > 0)).length
        seen.updates += history.records.length
      }),
      { numRuns: 400, seed: testSeed(), endOnFailure: true },
    )
    // a run that tested nothing must not pass
    for (const [what, count] of Object.entries(seen))
      expect({ what, enough: count >= 3 }).toEqual({ what, enough: true })
  }, 60_000)

  it('dirty every document that a change touches: what was made before equals what is made now', () => {
    fc.assert(
      fc.property(fc.gen(), gen => {
        const draw: Draw = n => gen(fc.nat, { max: n - 1 })
        const given = randomCase(draw)
        const simulation = new Simulation(buildable(given.view))
        const history = new History(given, draw)
        const keys = new Set(history.records.map(record => record.key))
        const made = new Map<string, string>()
        for (const record of history.records) {
          simulation.feed(record)
          for (const key of simulation.takeDirty()) made.set(key, textOf(simulation, key))
        }
        for (const key of keys) expect(made.get(key) ?? 'absent').toBe(textOf(simulation, key))
      }),
      { numRuns: 150, seed: testSeed(), endOnFailure: true },
    )
  }, 60_000)
})

const textOf = ({ group }: Simulation, key: string): string => {
  const assembled = group.assemble(key)
  return assembled.kind === 'document' ? assembled.source.toString() : assembled.kind
}

import { describe, expect, it } from '@jest/globals'
import { type ColumnType, recordKey } from '@headrace/wire'
import { decodeHop } from './hop-codec.ts'
import { compilePlan } from './plan.ts'
import { applyRoute, applyRouteMarker } from './router.ts'
import { documentPrefix } from './store-keys.ts'
import { nextPosition, type Row, Simulation, type SourceRecord } from './testing/simulation.ts'
import type {
  AggregateDefinition,
  ListDefinition,
  NodeDefinition,
  ViewDefinition,
} from './view-definition.ts'

const type = (kind: ColumnType['kind'], dimensions = 0): ColumnType => ({ kind, dimensions })

const node = (
  dataset: string,
  columns: Record<string, ColumnType>,
  shown: readonly string[],
  lists: ListDefinition[] = [],
): NodeDefinition => ({
  dataset,
  primaryKey: ['id'],
  columns,
  fields: shown.map(column => ({ as: column, column })),
  lists,
  references: [],
})

const list = (
  name: string,
  child: NodeDefinition,
  column: string,
  more: Partial<ListDefinition> = {},
): ListDefinition => ({
  name,
  node: child,
  on: [{ child: column, parent: 'id' }],
  where: [],
  orderBy: [],
  overflow: 'truncate',
  ...more,
})

const childColumns = {
  id: type('int64'),
  parent: type('int64'),
  n: type('int64'),
  c: type('text'),
  d: type('decimal'),
}
const child = node('child', childColumns, ['id', 'c'])
const aggregates: AggregateDefinition[] = [
  { path: 's.count', function: 'count', list: 'children' },
  { path: 's.by_class', function: 'countBy', list: 'children', column: 'c' },
]
const viewOf = (lists: ListDefinition[], extra: AggregateDefinition[] = aggregates): ViewDefinition => ({
  view: 'v',
  root: node('parent', { id: type('int64'), t: type('text') }, ['id', 't'], lists),
  aggregates: extra,
  text: [],
})
const simple = viewOf([list('children', child, 'parent')])

const parent = (id: number, t = 'x'): SourceRecord => ({
  dataset: 'parent',
  key: String(id),
  position: nextPosition(),
  kind: 'row',
  row: { id: String(id), t: JSON.stringify(t) },
})
const row = (id: number, under: number | null, values: Row = {}): SourceRecord => ({
  dataset: 'child',
  key: String(id),
  position: nextPosition(),
  kind: 'row',
  row: { id: String(id), parent: under === null ? null : String(under), ...values },
})
const deletion = (dataset: string, id: number): SourceRecord => ({
  dataset,
  key: String(id),
  position: nextPosition(),
  kind: 'delete',
  row: {},
})
const tombstone = (dataset: string, id: number): SourceRecord => ({
  ...deletion(dataset, id),
  kind: 'tombstone',
})
const feed = (simulation: Simulation, ...records: readonly SourceRecord[]): Simulation => {
  for (const record of records) simulation.feed(record)
  return simulation
}

describe('edge cases (numbers of research/aggregation §7)', () => {
  it('1 child before parent: nothing to emit, then everything at once', () => {
    const simulation = feed(new Simulation(simple), row(1, 7, { c: '"car"' }))
    expect(simulation.group.assemble('7')).toEqual({ kind: 'absent' })
    feed(simulation, parent(7))
    expect(simulation.document('7')).toEqual({
      id: 7,
      t: 'x',
      children: [{ id: 1, c: 'car' }],
      s: { count: 1, by_class: { car: 1 } },
    })
  })

  it('4, 5 older and equal positions do nothing and dirty nothing', () => {
    const newest = parent(1, 'new')
    const simulation = feed(new Simulation(simple), newest)
    simulation.takeDirty()
    expect(
      simulation.root({
        ...newest,
        position: { ...newest.position, commitLsn: 0n },
        row: { id: '1', t: '"old"' },
      }),
    ).toBe('ignored')
    expect(simulation.root(newest)).toBe('ignored')
    expect(simulation.takeDirty()).toEqual([])
    expect(simulation.document('1')).toMatchObject({ t: 'new' })
  })

  it('6 delete before insert: what is older stays deleted, root and child', () => {
    const early = parent(1)
    const earlyChild = row(5, 1)
    const simulation = feed(
      new Simulation(simple),
      deletion('parent', 1),
      deletion('child', 5),
      early,
      earlyChild,
      parent(2),
    )
    expect(simulation.document('1')).toBeUndefined()
    expect(simulation.routes[0]!.get('5')).toMatchObject({ deleted: true, parentKey: null })
  })

  it('9, 10 moves away and back leave one place', () => {
    const simulation = feed(new Simulation(simple), parent(1), parent(2), row(5, 1), row(5, 2), row(5, 1))
    expect(simulation.document('1')).toMatchObject({ s: { count: 1 } })
    expect(simulation.document('2')).toMatchObject({ children: [], s: { count: 0, by_class: {} } })
  })

  it('11 null foreign keys: to null, from null, null to null', () => {
    const simulation = feed(new Simulation(simple), parent(1), row(5, 1), row(5, null))
    expect(simulation.document('1')).toMatchObject({ children: [] })
    expect(simulation.route(0, row(5, null))?.hops).toEqual([])
    feed(simulation, row(5, 1))
    expect(simulation.document('1')).toMatchObject({ s: { count: 1 } })
  })

  it('12 move to a parent that does not exist, which then appears', () => {
    const simulation = feed(new Simulation(simple), parent(1), row(5, 1), row(5, 9))
    expect(simulation.document('1')).toMatchObject({ children: [] })
    expect(simulation.document('9')).toBeUndefined()
    feed(simulation, parent(9))
    expect(simulation.document('9')).toMatchObject({ children: [{ id: 5 }] })
  })

  it('15 a dataset that refers to itself', () => {
    const columns = { id: type('int64'), parent: type('int64') }
    const tree = {
      ...viewOf([list('children', node('parent', columns, ['id']), 'parent')], []),
      root: node('parent', columns, ['id'], [list('children', node('parent', columns, ['id']), 'parent')]),
    }
    const simulation = new Simulation(tree)
    const at = (id: number, under: number | null): SourceRecord => ({ ...row(id, under), dataset: 'parent' })
    feed(simulation, at(1, null), at(2, 1), at(3, 1), at(4, 4))
    expect(simulation.document('1')).toEqual({ id: 1, children: [{ id: 2 }, { id: 3 }] })
    expect(simulation.document('4')).toEqual({ id: 4, children: [{ id: 4 }] })
  })

  it('16 a composite foreign key with a null part stands under no parent', () => {
    const columns = { a: type('int64'), b: type('text') }
    const root: NodeDefinition = {
      dataset: 'parent',
      primaryKey: ['a', 'b'],
      columns,
      fields: [{ as: 'a', column: 'a' }],
      lists: [],
      references: [],
    }
    const childNode = node('child', { id: type('int64'), pa: type('int64'), pb: type('text') }, ['id'])
    const children = list('children', childNode, 'pa', {
      on: [
        { child: 'pa', parent: 'a' },
        { child: 'pb', parent: 'b' },
      ],
    })
    const simulation = new Simulation({
      view: 'v',
      root: { ...root, lists: [children] },
      aggregates: [],
      text: [],
    })
    const key = recordKey(['1', 'x'])
    feed(
      simulation,
      { ...parent(1), key, row: { a: '1', b: '"x"' } },
      { ...row(5, null), row: { id: '5', pa: '1', pb: '"x"' } },
      { ...row(6, null), row: { id: '6', pa: '1', pb: null } },
    )
    expect(simulation.document(key)).toEqual({ a: 1, children: [{ id: 5 }] })
  })

  it('20 parent deleted, children kept, parent inserted again', () => {
    const simulation = feed(
      new Simulation(simple),
      parent(1),
      row(5, 1, { c: '"car"' }),
      deletion('parent', 1),
      tombstone('parent', 1),
    )
    expect(simulation.document('1')).toBeUndefined()
    feed(simulation, row(6, 1, { c: '"car"' }), parent(1))
    expect(simulation.document('1')).toMatchObject({
      children: [{ id: 5 }, { id: 6 }],
      s: { by_class: { car: 2 } },
    })
  })

  it('22, 25 a delete knows the key only; the last child leaves an empty list and zero', () => {
    const simulation = feed(
      new Simulation(simple),
      parent(1),
      row(5, 1, { c: '"car"' }),
      deletion('child', 5),
      tombstone('child', 5),
    )
    expect(simulation.document('1')).toEqual({ id: 1, t: 'x', children: [], s: { count: 0, by_class: {} } })
    expect([...simulation.store.entries.keys()].filter(key => key.startsWith('g'))).toHaveLength(1)
  })

  it('23 delete and insert of one key in one transaction', () => {
    const first = row(5, 1)
    const [gone, again] = [deletion('child', 5), row(5, 1, { c: '"new"' })].map((record, ordinal) => ({
      ...record,
      position: { ...nextPosition(), commitLsn: 10n ** 9n, ordinal },
    }))
    const simulation = feed(new Simulation(simple), parent(1), first, gone!, again!)
    expect(simulation.document('1')).toMatchObject({ children: [{ id: 5, c: 'new' }], s: { count: 1 } })
  })

  it('24 a truncate marker takes every row that is older, and only those', () => {
    const simulation = feed(new Simulation(simple), parent(1), row(5, 1))
    const marker = nextPosition()
    feed(simulation, row(6, 1))
    for (const [key, entry] of simulation.routes[0]!) {
      const output = applyRouteMarker(marker, key, entry)
      expect(output?.hops ?? []).toEqual(key === '5' ? [{ parentKey: '1', childKey: '5', value: null }] : [])
    }
    const sweep = () => simulation.group.sweep({ position: marker, after: undefined, limit: 100 })
    expect(sweep()).toEqual({ removed: ['1'], absent: ['1'], next: undefined })
    expect(simulation.document('1')).toBeUndefined()
    expect(sweep()).toEqual({ removed: [], absent: ['1'], next: undefined })
  })

  it('32 a filter that turns true and false', () => {
    const filtered = viewOf([list('children', child, 'parent', { where: [{ column: 'd', is: 'null' }] })])
    const simulation = feed(new Simulation(filtered), parent(1), row(5, 1, { d: '1' }), row(6, 1))
    expect(simulation.document('1')).toMatchObject({ children: [{ id: 6 }] })
    feed(simulation, row(5, 1), row(6, 1, { d: '2.0' }))
    expect(simulation.document('1')).toMatchObject({ children: [{ id: 5 }], s: { count: 1 } })
  })

  it('33 sums beyond 2^53 and of decimals are exact', () => {
    const sums: AggregateDefinition[] = ['n', 'd'].map(column => ({
      path: `s.${column}`,
      function: 'sum',
      list: 'children',
      column,
    }))
    const simulation = feed(
      new Simulation(viewOf([list('children', child, 'parent')], sums)),
      parent(1),
      row(5, 1, { n: '9007199254740993', d: '0.10' }),
      row(6, 1, { n: '9007199254740993', d: '-12345678901234567890.2' }),
    )
    const assembled = simulation.group.assemble('1')
    expect(assembled.kind === 'document' && assembled.source.toString()).toContain(
      '"s":{"n":18014398509481986,"d":-12345678901234567890.10}',
    )
  })

  it('29-31 min, max and distinct follow deletions; nulls do not count', () => {
    const over = (['min', 'max', 'distinct'] as const).map(name => ({
      path: `s.${name}`,
      function: name,
      list: 'children',
      column: 'n',
    }))
    const simulation = feed(
      new Simulation(viewOf([list('children', child, 'parent')], over)),
      parent(1),
      row(5, 1, { n: '10' }),
      row(6, 1, { n: '9' }),
      row(7, 1, { n: '10' }),
      row(8, 1),
    )
    expect(simulation.document('1')).toMatchObject({ s: { min: 9, max: 10, distinct: 2 } })
    feed(simulation, deletion('child', 6))
    expect(simulation.document('1')).toMatchObject({ s: { min: 10, max: 10, distinct: 1 } })
    feed(simulation, deletion('child', 5), deletion('child', 7))
    expect(simulation.document('1')).toMatchObject({ s: { min: null, max: null, distinct: 0 } })
  })

  it('38, 40 limits: the first of the order, the exact count, or a stub', () => {
    const limited = (overflow: ListDefinition['overflow']): Simulation =>
      feed(
        new Simulation(
          viewOf([
            list('children', child, 'parent', {
              limit: 2,
              overflow,
              orderBy: [{ column: 'n', descending: true }],
            }),
          ]),
        ),
        parent(1),
        row(5, 1, { n: '1' }),
        row(6, 1, { n: '3' }),
        row(7, 1, { n: '2' }),
      )
    const simulation = limited('truncate')
    expect(simulation.document('1')).toMatchObject({ children: [{ id: 6 }, { id: 7 }], s: { count: 3 } })
    feed(simulation, row(5, 1, { n: '9' }))
    expect(simulation.document('1')).toMatchObject({ children: [{ id: 5 }, { id: 6 }] })
    expect(limited('countOnly').document('1')).toMatchObject({ children: [], s: { count: 3 } })
    expect(limited('fail').group.assemble('1')).toEqual({
      kind: 'overflow',
      list: 'children',
      limit: 2,
      rows: 3,
    })
  })

  it('62 an unchanged column keeps its value', () => {
    const simulation = feed(
      new Simulation(simple),
      parent(1),
      row(5, 1, { c: '"car"' }),
      row(5, 1, { c: '' }),
      { ...parent(1), row: { id: '1', t: '' } },
    )
    expect(simulation.document('1')).toMatchObject({ t: 'x', children: [{ id: 5, c: 'car' }] })
  })

  it('62 a moved row that lacks a value is told by the document, until its next record', () => {
    const simulation = feed(new Simulation(simple), parent(1), parent(2), row(5, 1, { c: '"car"' }))
    const gap =
      'aggregate.incomplete_row: a row of list children came without c, whose value is not known yet'
    feed(simulation, row(5, 2, { c: '' }))
    expect(simulation.document('1')).toMatchObject({ children: [] })
    expect(simulation.group.assemble('2')).toEqual({ kind: 'failed', error: gap })
    // in place, but nobody knows more than before
    feed(simulation, row(5, 2, { c: '' }))
    expect(simulation.group.assemble('2')).toEqual({ kind: 'failed', error: gap })
    feed(simulation, row(5, 2, { c: '"bus"' }))
    expect(simulation.document('2')).toMatchObject({ children: [{ id: 5, c: 'bus' }], s: { count: 1 } })
    feed(simulation, row(5, 1, { c: '' }), deletion('child', 5))
    for (const key of ['1', '2']) expect(simulation.document(key)).toMatchObject({ s: { count: 0 } })
  })

  it('62 an unchanged foreign key or condition leaves a row where it is', () => {
    const filtered = viewOf([list('children', child, 'parent', { where: [{ column: 'd', is: 'null' }] })])
    const simulation = feed(new Simulation(filtered), parent(1), parent(2), row(5, 1, { c: '"a"' }))
    feed(simulation, { ...row(5, 1), row: { id: '5', parent: '', c: '"b"', d: null } })
    expect(simulation.document('1')).toMatchObject({ children: [{ id: 5, c: 'b' }] })
    // the condition held, and holds
    feed(simulation, row(5, 2, { c: '"c"', d: '' }))
    expect(simulation.document('1')).toMatchObject({ children: [] })
    expect(simulation.document('2')).toMatchObject({ children: [{ id: 5, c: 'c' }] })
    // it did not hold, or nobody knows: under no parent
    feed(simulation, row(6, 1, { d: '1' }), row(6, 1, { d: '' }), row(7, 1, { d: '' }))
    feed(simulation, { ...row(8, 1), row: { id: '8', parent: '', d: null } })
    expect(simulation.document('1')).toMatchObject({ children: [] })
    expect(simulation.routes[0]!.get('8')).toMatchObject({ parentKey: null, deleted: false })
  })

  it('62 a child whose full record compaction has removed is told by the document', () => {
    const simulation = feed(new Simulation(simple), parent(1))
    simulation.route(0, row(5, 1, { c: '"car"' }))
    simulation.route(0, row(5, 1, { c: '' }))
    simulation.hops[0]!.shift()
    simulation.drain()
    expect(simulation.group.assemble('1')).toMatchObject({ kind: 'failed' })
    feed(simulation, deletion('child', 5))
    expect(simulation.document('1')).toMatchObject({ children: [] })
  })

  it('62 a root row whose values are not known makes no document, and its deletion takes what was emitted', () => {
    const simulation = new Simulation(simple)
    expect(simulation.root({ ...parent(3), row: { id: '3', t: '' } })).toBe('unchanged')
    expect(simulation.group.assemble('3')).toEqual({ kind: 'absent' })
    // a predecessor may have known the row
    expect(simulation.root(deletion('parent', 3))).toBe('removed')
    simulation.root({ ...parent(3), row: { id: '3', t: '' } })
    expect(simulation.root(tombstone('parent', 3))).toBe('removed')
    simulation.root({ ...parent(3), row: { id: '3', t: '' } })
    const whole = { position: nextPosition(), after: undefined, limit: 100 }
    expect(simulation.group.sweep(whole).removed).toEqual(['3'])
    simulation.root({ ...parent(3), row: { id: '3', t: '' } })
    expect(simulation.root(parent(3))).toBe('changed')
    expect(simulation.document('3')).toMatchObject({ t: 'x' })
  })

  it('63 keys that are prefixes of each other, empty, hashed', () => {
    const texts = ['1', '10', '', '\u0001sha256:'.padEnd(72, '0'), 'x'.repeat(2000)]
    const prefixes = texts.map(text => documentPrefix(0, recordKey([text])).toString('latin1'))
    for (const a of prefixes) for (const b of prefixes) expect(a !== b && b.startsWith(a)).toBe(false)
  })

  it('A10 a change that no document shows dirties nothing but raises the position, through the hop too', () => {
    const simulation = feed(new Simulation(simple), parent(1), row(5, 1, { c: '"car"', d: '1' }))
    simulation.takeDirty()
    const quiet = row(5, 1, { c: '"car"', d: '2' })
    const hops = simulation.route(0, quiet)!.hops
    expect(hops).toHaveLength(1)
    expect(decodeHop(hops[0]!.value!)).toMatchObject({ position: quiet.position })
    expect(simulation.hop(0)).toBe('unchanged')
    expect(simulation.root({ ...parent(1), row: { id: '1', t: '"x"' } })).toBe('unchanged')
    expect(simulation.takeDirty()).toEqual([])
    expect(simulation.routes[0]!.get('5')!.position).toEqual(quiet.position)
  })

  it('a repair is emitted although nothing changed (03 C13)', () => {
    const quiet = parent(1)
    const simulation = feed(new Simulation(simple), quiet, row(5, 1))
    expect(simulation.root({ ...quiet, repair: true })).toBe('changed')
    const again = row(5, 1)
    feed(simulation, again)
    simulation.route(0, { ...again, repair: true })
    expect(simulation.hop(0)).toBe('changed')
  })

  it('countBy comes as nested entries for the index, keyed by its path', () => {
    const simulation = feed(
      new Simulation(simple),
      parent(1),
      row(5, 1, { c: '"car"' }),
      row(6, 1, { c: '"a\\"b"' }),
      row(7, 1, { c: '"car"' }),
    )
    expect(simulation.side('1')).toEqual({
      's.by_class': [
        { key: 'a"b', n: 1 },
        { key: 'car', n: 2 },
      ],
    })
  })

  it('refuses what is not built', () => {
    const reference = { name: 'r', node: child, on: [{ column: 't', key: 'id' }], flatten: true }
    const below = { ...reference, node: { ...child, references: [reference] } }
    expect(() => compilePlan({ ...simple, root: { ...simple.root, references: [below] } })).toThrow(
      'reference r in reference r',
    )
    const inner = list('inner', child, 'parent', { limit: 1, overflow: 'fail' })
    expect(() =>
      compilePlan(viewOf([list('children', node('child', childColumns, ['id'], [inner]), 'parent')])),
    ).toThrow('overflow: fail of list inner')
    const floats = node('child', { ...childColumns, f: type('float64') }, ['id'])
    expect(() =>
      compilePlan(
        viewOf(
          [list('children', floats, 'parent')],
          [{ path: 's', function: 'sum', list: 'children', column: 'f' }],
        ),
      ),
    ).toThrow('sum of children.f')
  })

  it('an old child change gives no output at all', () => {
    const simulation = feed(new Simulation(simple), row(5, 1))
    const router = simulation.plan.routers[0]!
    const old = {
      key: '5',
      position: { epoch: 0, commitLsn: 1n, ordinal: 0 },
      commitTimeUs: 0n,
      repair: true,
      deleted: true,
      values: [],
    }
    expect(applyRoute(router, simulation.routes[0]!, old)).toBeUndefined()
  })
})

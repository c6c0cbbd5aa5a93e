import { describe, expect, it } from '@jest/globals'
import type { ColumnType, Position } from '@headrace/wire'
import { nextPosition, type Row, Simulation, type SourceRecord } from './testing/simulation.ts'
import type { NodeDefinition, ViewDefinition } from './view-definition.ts'

const INT: ColumnType = { kind: 'int64', dimensions: 0 }
const TEXT: ColumnType = { kind: 'text', dimensions: 0 }

const node = (
  dataset: string,
  columns: Readonly<Record<string, ColumnType>>,
  more: Partial<NodeDefinition>,
): NodeDefinition => ({
  dataset,
  primaryKey: ['id'],
  columns: { id: INT, ...columns },
  fields: [{ as: 'id', column: 'id' }],
  lists: [],
  references: [],
  ...more,
})
const tag = node('tag', { label: TEXT }, { fields: [{ as: 'label', column: 'label' }] })
const link = node(
  'link',
  { image: INT, tag: INT },
  { references: [{ name: 'tag', node: tag, on: [{ column: 'tag', key: 'id' }], flatten: false }] },
)

/** Images with the owner they refer to and, through links, their tags. */
const view: ViewDefinition = {
  view: 'v',
  root: node(
    'image',
    { owner: INT, title: TEXT },
    {
      fields: [{ as: 'title', column: 'title' }],
      references: [
        {
          name: 'owner',
          node: node('owner', { name: TEXT }, { fields: [{ as: 'owner_name', column: 'name' }] }),
          on: [{ column: 'owner', key: 'id' }],
          flatten: true,
        },
      ],
      lists: [
        {
          name: 'tags',
          node: link,
          on: [{ child: 'image', parent: 'id' }],
          where: [],
          orderBy: [],
          overflow: 'truncate',
        },
      ],
    },
  ),
  aggregates: [{ path: 'n', function: 'count', list: 'tags' }],
  text: [],
}

const record = (
  dataset: string,
  id: number,
  row: Row,
  position: Position = nextPosition(),
): SourceRecord => ({
  dataset,
  key: String(id),
  position,
  kind: 'row',
  row: { id: String(id), ...row },
})
const image = (id: number, owner: number | null, title = '"t"'): SourceRecord =>
  record('image', id, { owner: owner === null ? null : String(owner), title })
const owner = (id: number, name: string): SourceRecord => record('owner', id, { name: JSON.stringify(name) })
const linked = (id: number, to: number | null, tagId: number): SourceRecord =>
  record('link', id, { image: to === null ? null : String(to), tag: String(tagId) })
const label = (id: number, text: string): SourceRecord => record('tag', id, { label: JSON.stringify(text) })
const gone = (dataset: string, id: number): readonly SourceRecord[] =>
  (['delete', 'tombstone'] as const).map(kind => ({ ...record(dataset, id, {}), kind, row: {} }))

const fed = (...records: readonly SourceRecord[]): Simulation => {
  const simulation = new Simulation(view)
  for (const each of records) simulation.feed(each)
  return simulation
}
const more = (simulation: Simulation, ...records: readonly SourceRecord[]): unknown => {
  for (const each of records) simulation.feed(each)
  return simulation.document('1')
}

describe('edge cases of references and links (numbers of research/aggregation §7)', () => {
  it('2, 26 a dimension after its row, changed, deleted, back again: the document stays', () => {
    const simulation = fed(image(1, 7))
    expect(simulation.document('1')).toMatchObject({ title: 't', owner_name: null })
    expect(more(simulation, owner(7, 'a'))).toMatchObject({ owner_name: 'a' })
    simulation.takeDirty()
    expect(more(simulation, ...gone('owner', 7))).toMatchObject({ title: 't', owner_name: null })
    expect(simulation.takeDirty()).toEqual(['1'])
    expect(more(simulation, owner(7, 'b'))).toMatchObject({ owner_name: 'b' })
  })

  it('3 child, parent and dimensions in all orders give one document', () => {
    const records = [image(1, 7), owner(7, 'a'), linked(5, 1, 9), label(9, 'x')]
    const orders = (left: readonly SourceRecord[]): readonly (readonly SourceRecord[])[] =>
      left.length === 0
        ? [[]]
        : left.flatMap(each => orders(left.filter(other => other !== each)).map(rest => [each, ...rest]))
    const documents = orders(records).map(order => JSON.stringify(fed(...order).document('1')))
    expect(documents).toHaveLength(24)
    expect(new Set(documents)).toEqual(
      new Set([
        JSON.stringify({ title: 't', owner_name: 'a', tags: [{ id: 5, tag: { label: 'x' } }], n: 1 }),
      ]),
    )
  })

  it('7 a row of a load is ignored behind a newer one of the stream, and taken behind an older one', () => {
    const at = (commitLsn: bigint): Position => ({ epoch: 1, commitLsn, ordinal: 3 })
    const titled = (title: string, lsn: bigint) => record('image', 1, { owner: null, title }, at(lsn))
    const simulation = fed(titled('"streamed"', 90n), titled('"loaded"', 80n))
    expect(simulation.document('1')).toMatchObject({ title: 'streamed' })
    expect(more(simulation, titled('"loaded later"', 91n))).toMatchObject({ title: 'loaded later' })
  })

  it('8 transactions whose changes interleave: the commit decides, then the place in the transaction', () => {
    const change = (title: string, commitLsn: bigint, ordinal: number) =>
      record('image', 1, { owner: null, title }, { epoch: 1, commitLsn, ordinal })
    const simulation = fed(change('"second"', 70n, 0), change('"first"', 60n, 9), change('"third"', 70n, 1))
    expect(simulation.document('1')).toMatchObject({ title: 'third' })
    // another past of the source comes after all of the one before
    expect(
      more(
        simulation,
        record('image', 1, { owner: null, title: '"epoch"' }, { epoch: 2, commitLsn: 1n, ordinal: 0 }),
      ),
    ).toMatchObject({ title: 'epoch' })
  })

  it('14 a foreign key and another column in one update', () => {
    const simulation = fed(owner(7, 'a'), owner(8, 'b'), image(1, 7))
    expect(more(simulation, image(1, 8, '"u"'))).toMatchObject({ title: 'u', owner_name: 'b' })
  })

  it('17 a change of the old dimension after the row has left it touches nothing; the late one of the new does', () => {
    const simulation = fed(owner(7, 'old'), image(1, 7), image(1, 8))
    simulation.takeDirty()
    expect(more(simulation, owner(7, 'newer'))).toMatchObject({ owner_name: null })
    expect(simulation.takeDirty()).toEqual([])
    expect(more(simulation, owner(8, 'late'))).toMatchObject({ owner_name: 'late' })
    expect(simulation.takeDirty()).toEqual(['1'])
  })

  it('18 another primary key of a child: the old one goes, the new one comes', () => {
    const simulation = fed(image(1, null), linked(5, 1, 9), ...gone('link', 5), linked(6, 1, 9))
    expect(simulation.document('1')).toMatchObject({ tags: [{ id: 6 }], n: 1 })
  })

  it('19 another primary key of a parent, its children following by cascade, in either order', () => {
    const parent = [...gone('image', 1), image(2, null)]
    const simulation = fed(image(1, null), linked(5, 1, 9), ...parent, linked(5, 2, 9))
    expect([simulation.document('1'), simulation.document('2')]).toMatchObject([undefined, { n: 1 }])
    const other = fed(image(1, null), linked(5, 1, 9), linked(5, 2, 9), ...parent)
    expect([other.document('1'), other.document('2')]).toMatchObject([undefined, { n: 1 }])
  })

  it('21 a cascading delete, children first or parent first', () => {
    const before = [image(1, null), linked(5, 1, 9)]
    const orders = [
      [...gone('link', 5), ...gone('image', 1)],
      [...gone('image', 1), ...gone('link', 5)],
    ]
    for (const order of orders) {
      const simulation = fed(...before, ...order)
      expect(simulation.document('1')).toBeUndefined()
      // nothing was left behind
      expect(more(simulation, image(1, null))).toMatchObject({ tags: [], n: 0 })
    }
  })

  it('27 a deleted child makes its document again although it takes the newest position away', () => {
    const simulation = fed(image(1, null), linked(5, 1, 9))
    simulation.takeDirty()
    expect(more(simulation, ...gone('link', 5))).toMatchObject({ n: 0 })
    expect(simulation.takeDirty()).toEqual(['1'])
  })

  it('34, 35 the same tag linked twice is shown twice; a link to a tag that is not there has none', () => {
    const simulation = fed(image(1, null), label(9, 'x'), linked(5, 1, 9), linked(6, 1, 9), linked(7, 1, 8))
    expect(simulation.document('1')).toMatchObject({
      tags: [
        { id: 5, tag: { label: 'x' } },
        { id: 6, tag: { label: 'x' } },
        { id: 7, tag: null },
      ],
      n: 3,
    })
  })

  it('36 a renamed tag touches every image that has it, once, and no other', () => {
    const images = [1, 2, 3, 4, 5].map(id => image(id, null))
    const links = [1, 2, 3, 4].flatMap(id => [linked(id * 10, id, 9), linked(id * 10 + 1, id, 9)])
    const simulation = fed(label(9, 'x'), ...images, ...links)
    simulation.takeDirty()
    expect(more(simulation, label(9, 'y'))).toMatchObject({ tags: [{ tag: { label: 'y' } }, {}] })
    expect(simulation.takeDirty().sort()).toEqual(['1', '2', '3', '4'])
  })

  it('62 a referred row whose values are not known is none, and its deletion reaches who showed it', () => {
    const simulation = new Simulation(view)
    for (const each of [image(1, 7), owner(7, 'Ann'), record('owner', 7, { name: '' })]) simulation.feed(each)
    expect(simulation.document('1')).toMatchObject({ owner_name: 'Ann' })
    // compaction has removed the full record; a predecessor may have shown it
    const later = new Simulation(view)
    for (const each of [image(1, 7), record('owner', 7, { name: '' })]) later.feed(each)
    later.takeDirty()
    expect(later.document('1')).toMatchObject({ owner_name: null })
    for (const each of gone('owner', 7)) later.feed(each)
    expect(later.takeDirty()).toEqual(['1'])
    later.feed(owner(7, 'Bob'))
    expect(later.document('1')).toMatchObject({ owner_name: 'Bob' })
  })
})

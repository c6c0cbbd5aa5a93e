import { describe, expect, it } from '@jest/globals'
import { catalogue } from '@headrace/errors'
import { type Assembled, failureText } from './assemble.ts'
import { incompleteText } from './incomplete-row.ts'
import type { HopValue } from './hop-codec.ts'
import { encodeRow } from './projected-row.ts'
import { compilePlan } from './plan.ts'
import { GroupStage } from './group-stage.ts'
import { ShownRows } from './shown-rows.ts'
import { encodeLiveRow } from './stored-row.ts'
import { MapStore } from './testing/map-store.ts'
import type { NodeDefinition, ViewDefinition } from './view-definition.ts'

const node = (
  dataset: string,
  columns: readonly string[],
  lists: NodeDefinition['lists'] = [],
): NodeDefinition => ({
  dataset,
  primaryKey: ['id'],
  columns: Object.fromEntries(columns.map(name => [name, { kind: 'text', dimensions: 0 }])),
  fields: columns.map(column => ({ as: column, column })),
  lists,
  references: [],
})
const view: ViewDefinition = {
  view: 'v',
  root: node(
    'parent',
    ['id'],
    [
      {
        name: 'children',
        node: node('child', ['id', 'c']),
        on: [{ child: 'id', parent: 'id' }],
        where: [],
        orderBy: [],
        overflow: 'truncate',
      },
    ],
  ),
  aggregates: [
    { path: 'n', function: 'count', list: 'children' },
    { path: 'by', function: 'countBy', list: 'children', column: 'c' },
  ],
  text: [],
}

const stageOf = (maxBytes?: number) => {
  const stage = new GroupStage(compilePlan(view).root, new MapStore(), maxBytes)
  let lsn = 0n
  const position = () => ({ epoch: 1, commitLsn: ++lsn, ordinal: 0 })
  const hop = (more: Partial<HopValue>): HopValue => ({
    position: position(),
    commitTimeUs: 0n,
    row: Buffer.alloc(0),
    repair: false,
    ...more,
  })
  const document = () => {
    stage.flush()
    const made = stage.assemble('1')
    return made.kind === 'document' ? (JSON.parse(made.source.toString()) as unknown) : made
  }
  stage.applyRoot({
    key: '1',
    position: position(),
    commitTimeUs: 0n,
    deleted: false,
    repair: false,
    values: ['"1"'],
  })
  return {
    stage,
    document,
    put: (key: string, c: string) =>
      stage.applyChild(0, '1', key, hop({ row: encodeRow([`"${key}"`, JSON.stringify(c)], 2) })),
    fail: (key: string, error: string) => stage.applyChild(0, '1', key, hop({ error })),
    remove: (key: string) => stage.applyChildTombstone(0, '1', key),
  }
}

describe('A18', () => {
  it('a child that could not be carried counts nowhere and fails its document, until it is put anew or leaves', () => {
    const { document, put, fail, remove } = stageOf()
    put('a', 'car')
    put('b', 'car')
    expect(fail('a', 'too large')).toBe('changed')
    expect(document()).toEqual({ kind: 'failed', error: 'too large' })
    put('a', 'bus')
    const both = {
      id: '1',
      children: [
        { id: 'a', c: 'bus' },
        { id: 'b', c: 'car' },
      ],
      n: 2,
      by: { bus: 1, car: 1 },
    }
    expect(document()).toEqual(both)
    fail('a', 'too large')
    fail('c', 'too large')
    remove('a')
    expect(document()).toMatchObject({ kind: 'failed' })
    remove('c')
    expect(document()).toEqual({ id: '1', children: [{ id: 'b', c: 'car' }], n: 1, by: { car: 1 } })
  })

  it('a document over its limit is not made', () => {
    const { document, put, remove } = stageOf(200)
    for (let n = 0; n < 100; n++) put(`c${n}`, 'car')
    expect(document()).toMatchObject({ kind: 'failed', error: expect.stringMatching(/^aggregate.too_large/) })
    for (let n = 1; n < 100; n++) remove(`c${n}`)
    expect(document()).toMatchObject({ children: [{ id: 'c0', c: 'car' }] })
  })

  it('says why with a code of the catalogue', () => {
    const { document, put } = stageOf(200)
    for (let n = 0; n < 100; n++) put(`c${n}`, 'car')
    const reasons = [
      failureText(document() as Extract<Assembled, { kind: 'failed' }>),
      failureText({ kind: 'overflow', list: 'children', limit: 1, rows: 2 }),
      incompleteText('children', ['c']),
    ]
    for (const reason of reasons) expect(catalogue).toHaveProperty([reason.slice(0, reason.indexOf(':'))])
  })

  it('a limited list of any length keeps only its first rows in memory', () => {
    const edge = { limit: 3, overflow: 'truncate' } as ConstructorParameters<typeof ShownRows>[0]
    const shown = new ShownRows(edge)
    const at = { epoch: 1, commitLsn: 1n, ordinal: 0 }
    for (let n = 0; n < 10_000; n++) {
      const sortKey = Buffer.from([(n * 7) % 250])
      shown.push(encodeLiveRow(at, sortKey, Buffer.from(String(n))))
    }
    expect(shown.count).toBe(10_000)
    // equals stand in the order in which they came
    expect(shown.take().map(row => row.toString('latin1', row.length - 4).replace(/\D/g, ''))).toEqual([
      '0',
      '250',
      '500',
    ])
  })
})

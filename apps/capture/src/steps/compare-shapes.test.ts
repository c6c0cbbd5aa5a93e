import { describe, expect, it } from '@jest/globals'
import type { ColumnShape, HeapShape, TableShape } from '@headrace/wire'
import { remember, silentChanges } from './compare-shapes.ts'

const heap = (oid: number, more: Partial<HeapShape> = {}): HeapShape => ({
  oid,
  name: `public.item_${oid}`,
  fileNode: oid,
  filled: false,
  attached: false,
  ...more,
})

const table = (...heaps: HeapShape[]): TableShape => ({
  table: 'public.item',
  oid: 1,
  rowFilter: '',
  columns: [],
  labels: [],
  heaps: [heap(1, { fileNode: 0 }), ...heaps],
})

const NONE = new Set<string>()

describe('silentChanges of partitions (03 C8)', () => {
  const before = table(heap(2, { filled: true }))

  it('holds an attached table with rows for one, and names it', () => {
    const after = table(heap(2, { filled: true }), heap(3, { attached: true, filled: true }))
    expect(silentChanges(before, after, NONE)).toEqual([
      'the table public.item_3 was attached as a partition and holds rows',
    ])
  })

  it('goes on with an attached table that is empty, whatever else was made beside it', () => {
    const after = table(heap(2, { filled: true }), heap(3, { attached: true }), heap(4, { filled: true }))
    expect(silentChanges(before, after, NONE)).toEqual([])
  })

  it('goes on when all were truncated at once, not when one was', () => {
    const both = table(heap(2, { filled: true }), heap(3, { filled: true }))
    expect(silentChanges(both, table(heap(2, { fileNode: 12 }), heap(3, { fileNode: 13 })), NONE)).toEqual([])
    expect(silentChanges(both, table(heap(2, { fileNode: 12 }), heap(3, { filled: true })), NONE)).toEqual([
      'the partition public.item_2 was truncated by itself',
    ])
  })
})

const column = (number: number, name: string, more: Partial<ColumnShape> = {}): ColumnShape => ({
  number,
  name,
  typeOid: 25,
  typeModifier: -1,
  type: 'text',
  hasDefault: false,
  hasMissing: false,
  generated: '',
  ...more,
})

const having = (...columns: ColumnShape[]): TableShape => ({ ...table(heap(2)), columns })

describe('silentChanges of column names (03 C8)', () => {
  const before = having(column(1, 'id'), column(2, 'c'))
  const held = new Set(['id', 'c', 'd'])

  it.each([
    ['dropped and added', having(column(1, 'id'), column(3, 'c')), ['c']],
    ['renamed and added', having(column(1, 'id'), column(2, 'c_old'), column(3, 'c')), ['c']],
    ['swapped', having(column(1, 'c'), column(2, 'id')), ['c', 'id']],
  ])('stops when a name passes to another column: %s', (_, after, names) => {
    expect(silentChanges(before, after, held)).toEqual(
      names.map(name => `the column "${name}" is another one now`),
    )
    expect(silentChanges(before, after, NONE)).toEqual([])
  })

  it('stops when a column gets a name of the contract', () => {
    expect(silentChanges(before, having(column(1, 'id'), column(2, 'd')), held)).toEqual([
      'the column "d" was called "c" when rows were written',
    ])
  })

  it('goes on when a column is dropped', () => {
    expect(silentChanges(before, having(column(1, 'id')), held)).toEqual([])
  })
})

const numeric = (scale: number): Partial<ColumnShape> => ({
  typeOid: 1700,
  typeModifier: (10 << 16) + scale + 4,
  type: `numeric(10,${scale})`,
})
const integer = { typeOid: 23, type: 'integer' }
const bigint = { typeOid: 20, type: 'bigint' }
const unpublished = { typeOid: 0, type: '' }

describe('a column that no contract has (03 C8)', () => {
  /** What is said when the contract gets the column "c" after the table was seen like that, one look after another. */
  const said = (...looks: readonly TableShape[]): readonly string[] => {
    let known: TableShape | undefined
    for (const look of looks) {
      if (known !== undefined) expect(silentChanges(known, look, new Set(['id']))).toEqual([])
      known = remember(known, look)
      expect(remember(remember(known, look), look)).toEqual(remember(known, look))
    }
    return silentChanges(known!, looks.at(-1)!, new Set(['id', 'c']))
  }
  const id = column(1, 'id')
  const rewritten = (shape: TableShape): TableShape => ({
    ...shape,
    heaps: [heap(1, { fileNode: 0 }), heap(2, { fileNode: 99 })],
  })
  const added = ['the column "c" was added with values for the rows that are there (DEFAULT)']

  it.each<[string, readonly TableShape[], readonly string[]]>([
    ['was there', [having(id, column(2, 'c'))], []],
    ['was there, with an older DEFAULT', [having(id, column(2, 'c', { hasMissing: true }))], []],
    ['was added without values', [having(id), having(id, column(2, 'c'))], []],
    ['was added with values', [having(id), having(id, column(2, 'c', { hasMissing: true }))], added],
    [
      'was added with values that a rewrite moved into the rows',
      [having(id), having(id, column(2, 'c', { hasMissing: true })), rewritten(having(id, column(2, 'c')))],
      added,
    ],
    [
      'was added with values of a rewrite, its default gone again',
      [having(id), rewritten(having(id, column(2, 'c')))],
      added,
    ],
    [
      'got a type of the same texts',
      [having(id, column(2, 'c', integer)), having(id, column(2, 'c', bigint))],
      [],
    ],
    [
      'got another type and its old one again',
      [2, 1, 2].map(scale => having(id, column(2, 'c', numeric(scale)))),
      ['the column "c" was numeric(10,1) and is numeric(10,2)'],
    ],
    [
      'got another expression',
      ['id + 1', 'id + 2'].map(generated => having(id, column(2, 'c', { generated }))),
      ['the generated column "c" has another expression'],
    ],
    [
      'was renamed',
      [having(id, column(2, 'b')), having(id, column(2, 'c'))],
      ['the column "c" was called "b" when rows were written'],
    ],
    [
      'was renamed there and back',
      ['c', 'b', 'c'].map(name => having(id, column(2, name))),
      ['the column "c" was called "b" when rows were written'],
    ],
    [
      'was dropped and made again',
      [having(id, column(2, 'c')), having(id), having(id, column(3, 'c'))],
      ['the column "c" is another one now'],
    ],
    [
      'has a name that another one had meanwhile',
      [
        having(id, column(2, 'b')),
        having(id, column(2, 'c')),
        having(id, column(2, 'd')),
        having(id, column(2, 'd'), column(3, 'c')),
      ],
      ['the column "c" is another one now'],
    ],
    [
      'was published later',
      [having(id, column(2, 'c', unpublished)), having(id, column(2, 'c'))],
      ['the column "c" was not published when rows were written'],
    ],
    [
      'was not published for a while',
      [having(id, column(2, 'c')), having(id, column(2, 'c', unpublished)), having(id, column(2, 'c'))],
      ['the column "c" was not published when rows were written'],
    ],
  ])('makes nothing wrong before it comes into the contract: it %s', (_, looks, words) => {
    expect(said(...looks)).toEqual(words)
  })
})

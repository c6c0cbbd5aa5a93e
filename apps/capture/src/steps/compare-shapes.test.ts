import { describe, expect, it } from '@jest/globals'
import type { ColumnShape, HeapShape, TableShape } from '@headrace/wire'
import { silentChanges } from './compare-shapes.ts'

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

describe('silentChanges of partitions (03 C8)', () => {
  const before = table(heap(2, { filled: true }))

  it('holds an attached table with rows for one, and names it', () => {
    const after = table(heap(2, { filled: true }), heap(3, { attached: true, filled: true }))
    expect(silentChanges(before, after)).toEqual([
      'the table public.item_3 was attached as a partition and holds rows',
    ])
  })

  it('goes on with an attached table that is empty, whatever else was made beside it', () => {
    const after = table(heap(2, { filled: true }), heap(3, { attached: true }), heap(4, { filled: true }))
    expect(silentChanges(before, after)).toEqual([])
  })

  it('goes on when all were truncated at once, not when one was', () => {
    const both = table(heap(2, { filled: true }), heap(3, { filled: true }))
    expect(silentChanges(both, table(heap(2, { fileNode: 12 }), heap(3, { fileNode: 13 })))).toEqual([])
    expect(silentChanges(both, table(heap(2, { fileNode: 12 }), heap(3, { filled: true })))).toEqual([
      'the partition public.item_2 was truncated by itself',
    ])
  })
})

const column = (number: number, name: string): ColumnShape => ({
  number,
  name,
  typeOid: 25,
  typeModifier: -1,
  type: 'text',
  hasDefault: false,
  hasMissing: false,
  generated: '',
})

describe('silentChanges of column names (03 C8)', () => {
  const having = (...columns: ColumnShape[]): TableShape => ({ ...table(heap(2)), columns })
  const before = having(column(1, 'id'), column(2, 'c'))

  it.each([
    ['dropped and added', having(column(1, 'id'), column(3, 'c')), ['c']],
    ['renamed and added', having(column(1, 'id'), column(2, 'c_old'), column(3, 'c')), ['c']],
    ['swapped', having(column(1, 'c'), column(2, 'id')), ['c', 'id']],
  ])('stops when a name passes to another column: %s', (_, after, names) => {
    expect(silentChanges(before, after)).toEqual(names.map(name => `the column "${name}" is another one now`))
  })

  it('goes on when a column gets a new name or is dropped', () => {
    expect(silentChanges(before, having(column(1, 'id'), column(2, 'd')))).toEqual([])
    expect(silentChanges(before, having(column(1, 'id')))).toEqual([])
  })
})

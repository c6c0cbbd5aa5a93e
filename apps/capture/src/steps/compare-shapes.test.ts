import { describe, expect, it } from '@jest/globals'
import type { HeapShape, TableShape } from '@headrace/wire'
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

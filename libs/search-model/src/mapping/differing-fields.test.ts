import { describe, expect, it } from '@jest/globals'
import type { ColumnType } from '@headrace/wire'
import { type DocumentShape, type ShapeField } from '../document-shape.ts'
import { missingFields } from '../query/missing-fields.ts'
import type { SearchRequest } from '../query/search-request.ts'
import { parseQuery } from '../query/parse-query.ts'
import { resolveExpression } from '../query/resolve.ts'
import { buildMapping } from './build-mapping.ts'
import { differingFields } from './differing-fields.ts'

const value = (name: string, kind: ColumnType['kind'], text = false): ShapeField => ({
  kind: 'value',
  name,
  type: { kind, dimensions: 0 },
  text,
})
const shape = (...fields: readonly ShapeField[]): DocumentShape => ({ view: 'v', fields })
const mappingOf = (of: DocumentShape) => buildMapping(of).mappings

const old = shape(
  value('id', 'int64'),
  value('size', 'int64'),
  value('meta', 'json'),
  value('caption', 'text'),
  value('price', 'text'),
  value('day', 'text'),
  { kind: 'list', name: 'lines', fields: [value('note', 'text'), value('price', 'text')] },
)
const made = shape(
  value('id', 'int64'),
  value('size', 'text'),
  value('meta', 'json'),
  value('caption', 'text', true),
  value('price', 'decimal'),
  value('day', 'date'),
  { kind: 'list', name: 'lines', fields: [value('note', 'text', true), value('price', 'decimal')] },
  value('extra', 'json'),
  { kind: 'list', name: 'parts', fields: [value('n', 'int64')] },
  { kind: 'object', name: 'sums', fields: [{ kind: 'counts', name: 'class' }] },
)

const differing = differingFields(mappingOf(made), mappingOf(old))

const missing = (
  query: string,
  request: Partial<SearchRequest> = {},
  lacks = differing,
): readonly string[] => {
  const filter = resolveExpression(made, parseQuery(query))
  const all = { sort: [], facets: [], size: 1, total: true, timeoutMs: 1, filter, ...request }
  return missingFields(made, all, lacks)
}
const sortedBy = (path: string, lacks = differing): readonly string[] =>
  missing('id = 1', { sort: [{ path, descending: true }] }, lacks)
const countedBy = (path: string, lacks = differing): readonly string[] =>
  missing('id = 1', { facets: [{ path, size: 1 }] }, lacks)

describe('fields that the live index does not have as the view has them', () => {
  it('are those of another type or none, their parts and index-only fields included', () => {
    expect([...differing].sort()).toEqual([
      '_x.extra',
      '_x.sums',
      '_x.sums.class',
      '_x.sums.class.key',
      '_x.sums.class.n',
      'caption.words',
      'day',
      'day.exact',
      'extra',
      'lines.note.words',
      'lines.price.number',
      'parts',
      'parts.n',
      'price.number',
      'size',
      'sums',
      'sums.class',
    ])
    expect(differingFields(mappingOf(made), mappingOf(made)).size).toBe(0)
  })

  it.each([
    ['id = 1', []],
    ['id = 1 and meta.size = 3 and not exists meta', []],
    ['size = "id"', ['size']],
    ['id = 3 or parts[n > 1]', ['parts', 'parts.n']],
    ['exists parts', ['parts']],
    ['not extra.colour = "size"', ['extra']],
    ['sums.class.car > 2', ['sums.class']],
    ['exists sums', ['sums.class']],
    ['day = "2020-01-01"', ['day']],
  ])('are told of %s', (query, fields) => {
    expect(missing(query)).toEqual(fields)
  })

  it.each([
    // full text that is new
    ['caption = "caption" or caption ^= "a" or exists caption', []],
    ['caption ~ "a"', ['caption']],
    ['not caption ~ "a"', ['caption']],
    ['id = 1 or lines[note ~ "a"]', ['lines.note']],
    ['lines.note = "a"', []],
    // a text that became a decimal: both are keywords
    ['price = 1', []],
    ['price in (1, 2) and exists price', []],
    ['price > 1', ['price']],
    ['not price <= 1', ['price']],
    ['lines.price < 3', ['lines.price']],
  ])('are told of %s, by the sub-field that it looks at', (query, fields) => {
    expect(missing(query)).toEqual(fields)
  })

  it('are told of order and facets', () => {
    expect(sortedBy('id')).toEqual([])
    expect(sortedBy('size')).toEqual(['size'])
    expect(sortedBy('caption')).toEqual([])
    expect(sortedBy('price')).toEqual(['price'])
    expect(sortedBy('extra.colour')).toEqual(['extra.colour'])
    expect(sortedBy('sums.class.car')).toEqual(['sums.class.car'])
    expect(countedBy('parts.n')).toEqual(['parts.n'])
    expect(countedBy('extra.colour')).toEqual(['extra.colour'])
    expect(countedBy('sums.class')).toEqual(['sums.class'])
    expect(countedBy('lines.note')).toEqual([])
  })

  it('are told of dates whose exact text is missing', () => {
    const exact = new Set(['day.exact'])
    for (const query of ['day = "2020-01-01"', 'day > "2020-01-01"', 'exists day'])
      expect(missing(query, {}, exact)).toEqual(['day'])
    expect(sortedBy('day', exact)).toEqual(['day'])
    expect(countedBy('day', exact)).toEqual(['day'])
  })
})

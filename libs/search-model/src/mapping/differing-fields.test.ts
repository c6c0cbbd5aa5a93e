import { describe, expect, it } from '@jest/globals'
import type { ColumnType } from '@headrace/wire'
import { type DocumentShape, type ShapeField } from '../document-shape.ts'
import { indexPaths } from '../query/index-paths.ts'
import type { SearchRequest } from '../query/search-request.ts'
import { parseQuery } from '../query/parse-query.ts'
import { resolveExpression } from '../query/resolve.ts'
import { buildMapping } from './build-mapping.ts'
import { differingFields } from './differing-fields.ts'

const value = (name: string, kind: ColumnType['kind']): ShapeField => ({
  kind: 'value',
  name,
  type: { kind, dimensions: 0 },
  text: false,
})
const shape = (...fields: readonly ShapeField[]): DocumentShape => ({ view: 'v', fields })
const mappingOf = (of: DocumentShape) => buildMapping(of).mappings

const old = shape(value('id', 'int64'), value('size', 'int64'), value('meta', 'json'))
const made = shape(
  value('id', 'int64'),
  value('size', 'text'),
  value('meta', 'json'),
  value('extra', 'json'),
  { kind: 'list', name: 'parts', fields: [value('n', 'int64')] },
  { kind: 'object', name: 'sums', fields: [{ kind: 'counts', name: 'class' }] },
)

const differing = differingFields(mappingOf(made), mappingOf(old))

const named = (query: string, request: Partial<SearchRequest> = {}): readonly string[] => {
  const filter = resolveExpression(made, parseQuery(query))
  const all = { sort: [], facets: [], size: 1, total: true, timeoutMs: 1, filter, ...request }
  return [...indexPaths(made, all)]
    .filter(([, paths]) => [...paths].some(path => differing.has(path)))
    .map(([path]) => path)
}

describe('fields that the live index does not have as the view has them', () => {
  it('are those of another type or none, their parts and index-only fields included', () => {
    expect([...differing].sort()).toEqual([
      '_x.extra',
      '_x.sums',
      '_x.sums.class',
      '_x.sums.class.key',
      '_x.sums.class.n',
      'extra',
      'parts',
      'parts.n',
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
    ['exists sums', ['sums', 'sums.class']],
  ])('are told of %s', (query, fields) => {
    expect(named(query)).toEqual(fields)
  })

  it('are told of order and facets', () => {
    expect(named('id = 1', { sort: [{ path: 'size', descending: true }] })).toEqual(['size'])
    expect(named('id = 1', { sort: [{ path: 'id', descending: true }] })).toEqual([])
    expect(named('id = 1', { facets: [{ path: 'parts.n', size: 1 }] })).toEqual(['parts', 'parts.n'])
  })
})

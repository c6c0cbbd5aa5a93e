import { describe, expect, it } from '@jest/globals'
import { exampleShape } from '../testing/example-shape.ts'
import { whereTrue } from './compile-filter.ts'
import { parseQuery } from './parse-query.ts'
import { QueryError } from './query-error.ts'
import { resolveExpression } from './resolve.ts'
import { buildSearch } from './search-request.ts'

const shape = exampleShape()
const compiled = (text: string): unknown => whereTrue(resolveExpression(shape, parseQuery(text)))
const failure = (text: string): QueryError => {
  try {
    compiled(text)
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
  throw new Error('no error')
}

describe('compiled filters', () => {
  it('keep whole numbers exact', () => {
    expect(compiled('id = 9007199254740993')).toEqual({ term: { id: { value: '9007199254740993' } } })
    expect(compiled('width > 1.5')).toEqual({ range: { width: { gt: '1' } } })
    expect(compiled('width < -1.5')).toEqual({ range: { width: { lte: '-2' } } })
    expect(compiled('width = 1.5')).toEqual({ match_none: {} })
    expect(compiled('id < 1e30')).toEqual({ exists: { field: 'id' } })
  })

  it('let null out of negations', () => {
    expect(compiled('not key = "a"')).toEqual({
      bool: {
        filter: [{ exists: { field: 'key' } }, { bool: { must_not: [{ term: { key: { value: 'a' } } }] } }],
      },
    })
    expect(compiled('key != "a"')).toEqual(compiled('not key = "a"'))
    expect(compiled('not not key = "a"')).toEqual(compiled('key = "a"'))
  })

  it('count absent keys as zero', () => {
    expect(compiled('annotations_search.class_count.car = 0')).toEqual({
      bool: {
        must_not: [
          {
            nested: {
              path: '_x.annotations_search.class_count',
              query: {
                bool: {
                  filter: [
                    { term: { '_x.annotations_search.class_count.key': { value: 'car' } } },
                    {
                      bool: {
                        must_not: [{ term: { '_x.annotations_search.class_count.n': { value: '0' } } }],
                      },
                    },
                  ],
                },
              },
            },
          },
        ],
      },
    })
  })

  it('look at free-form JSON by type', () => {
    expect(compiled('metadata.occluded = true')).toEqual({
      term: { '_x.metadata.occluded': { value: 'b1' } },
    })
    expect(compiled('metadata.timeofday = "night"')).toEqual({
      term: { '_x.metadata.timeofday': { value: 'snight' } },
    })
    expect(compiled('metadata.speed > 9')).toEqual({
      range: { '_x.metadata.speed': { gt: 'nc022000000000000', lt: 'o' } },
    })
    expect(compiled('annotations[metadata.a.b >= "x"]')).toEqual({
      nested: {
        path: 'annotations',
        query: { range: { 'annotations._x.metadata.a.b': { gte: 'sx', lt: 't' } } },
      },
    })
  })

  it('order enums as they are declared', () => {
    expect(compiled('level >= "middle"')).toEqual({ terms: { level: ['middle', 'high'] } })
  })

  it('keep sort values of a cursor digit by digit', () => {
    const { text } = buildSearch(shape, {
      sort: [{ path: 'id', descending: true }],
      size: 5,
      after: ['9007199254740993', '"k"'],
      total: false,
      facets: [],
      timeoutMs: 1000,
    })
    expect(text).toContain('"search_after":[9007199254740993,"k"]')
  })
})

describe('conditions on elements of a list in a list', () => {
  const key = shape.fields.filter(({ name }) => name === 'key')
  const lines = { kind: 'list' as const, name: 'lines', fields: key }
  const nested = { ...shape, fields: [{ kind: 'list' as const, name: 'orders', fields: [lines] }] }
  const inOrders = (text: string): unknown => whereTrue(resolveExpression(nested, parseQuery(text)))

  it('may be written at the whole path', () => {
    expect(inOrders('orders.lines[key = "a"]')).toEqual(inOrders('orders[lines[key = "a"]]'))
  })
})

describe('mistakes in queries', () => {
  it.each([
    ['widht > 3', 'query.unknown_field', ['width']],
    ['annotation.class = "car"', 'query.unknown_field', ['annotations.class']],
    ['annotations[clas = "car"]', 'query.unknown_field', ['class']],
    ['camera.nam = "x"', 'query.unknown_field', ['camera.name']],
    ['level = "hihg"', 'query.type', ['high']],
    [
      'annotations_search.level_count.hihg > 0',
      'query.unknown_field',
      ['annotations_search.level_count.high'],
    ],
  ])('%s names the nearest', (text, code, nearest) => {
    const error = failure(text)
    expect(error.code).toBe(code)
    expect(error.nearest).toEqual(expect.arrayContaining(nearest))
  })

  it.each([
    ['width = "300"', 1, 9, 'width is int32: it is compared with a number, not with the text "300"'],
    ['key = 3', 1, 7, 'key is text'],
    ['active > true', 1, 10, 'only = and !='],
    ['created_at > "yesterday"', 1, 14, 'created_at is timestamptz'],
    ['day = "2023-02-30"', 1, 7, 'day is date'],
    ['guid = "x"', 1, 8, 'guid is uuid'],
    ['camera = "x"', 1, 1, 'holds fields'],
    ['annotations = 1', 1, 1, 'no value of its own'],
    ['annotations_search.class_count > 1', 1, 1, 'holds fields'],
    ['width[a = 1]', 1, 1, 'no list'],
    ['key ~ "x"', 1, 1, 'not analysed'],
    ['width ^= "3"', 1, 1, 'no text'],
    ['width < null', 1, 9, 'no order'],
    ['width in (1, null)', 1, 14, 'not with null'],
  ])('%s', (text, line, column, message) => {
    const error = failure(text)
    expect(error.code).toBe('query.type')
    expect(error.message).toContain(message)
    expect(error.place).toEqual({ line, column })
  })

  it('refuse an order of texts that Lucene cannot walk along', () => {
    for (const path of ['key', 'metadata.a']) {
      for (const operator of ['<', '>=', '^=']) {
        expect(failure(`${path} ${operator} "${'ä'.repeat(451)}"`).code).toBe('query.limit')
        expect(compiled(`${path} ${operator} "${'ä'.repeat(450)}"`)).toBeDefined()
      }
    }
    expect(compiled(`key = "${'x'.repeat(2_000)}"`)).toBeDefined()
  })

  it('name what is no list by the whole path', () => {
    expect(failure('annotations.class[a = 1]').message).toContain('annotations.class is no list')
  })

  it('say what can be asked of a list', () => {
    expect(failure('annotations > 3').hint).toContain('annotations[')
  })

  it('say that paths in [ ] begin at the element', () => {
    expect(failure('annotations[width > 3]').hint).toContain('begin at the element')
  })
})

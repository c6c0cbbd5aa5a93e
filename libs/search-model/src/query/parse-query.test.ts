import { describe, expect, it } from '@jest/globals'
import type { Expression } from './ast.ts'
import { parseQuery } from './parse-query.ts'
import { parseTree } from './parse-tree.ts'
import { QueryError } from './query-error.ts'

const withoutPlaces = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (name, inner: unknown) => (name === 'place' ? undefined : inner)))

const failure = (read: () => unknown): QueryError => {
  try {
    read()
  } catch (error) {
    if (error instanceof QueryError) return error
    throw error
  }
  throw new Error('no error')
}

const compare = (name: string, operator: string, value: object): object => ({
  kind: 'compare',
  path: { names: name.split('.') },
  operator,
  value,
})

describe('text queries', () => {
  it('bind and tighter than or, not tightest', () => {
    const parsed = parseQuery('a = 1 or not b = 2 and c = 3')
    expect(withoutPlaces(parsed)).toEqual({
      kind: 'or',
      parts: [
        compare('a', '=', { type: 'number', text: '1' }),
        {
          kind: 'and',
          parts: [
            { kind: 'not', part: compare('b', '=', { type: 'number', text: '2' }) },
            compare('c', '=', { type: 'number', text: '3' }),
          ],
        },
      ],
    })
  })

  it('read paths, quoted names, elements, in, exists, prefix, match, between, is null', () => {
    const parsed = parseQuery(
      `m."a.b".c ^= 'x' and list[k = "v" and not (n >= -1.5e3)] and z in ("a", 2, true) and exists q and t ~ "red car" and h between 1 and 2 and i is not null and c.2024 > 0 and w not in (1)`,
    ) as Extract<Expression, { kind: 'and' | 'or' }>
    expect(parsed.parts.map(({ kind }) => kind)).toEqual([
      'prefix',
      'any',
      'in',
      'exists',
      'match',
      'and',
      'exists',
      'compare',
      'not',
    ])
    expect(withoutPlaces(parsed.parts[0])).toEqual({
      kind: 'prefix',
      path: { names: ['m', 'a.b', 'c'] },
      value: { type: 'string', value: 'x' },
    })
  })

  it('take keywords in any case and escapes in texts', () => {
    expect(withoutPlaces(parseQuery(String.raw`a = "q\"\u00e9\n" AND b = TRUE`))).toEqual({
      kind: 'and',
      parts: [
        compare('a', '=', { type: 'string', value: 'q"é\n' }),
        compare('b', '=', { type: 'boolean', value: true }),
      ],
    })
  })

  it.each([
    ['', 1, 1, 'the query ends where a field should'],
    ['width >', 1, 8, 'where a value should'],
    ['width = 3 height = 2', 1, 11, 'go on with and / or'],
    ['a = 1 and\n  b == 2', 2, 6, 'no comparison'],
    ['a = night', 1, 5, 'where a value should'],
    ['a = "open', 1, 5, 'no closing'],
    ['(a = 1', 1, 7, 'close the group'],
    ['a in (1, 2', 1, 11, 'close the values'],
    ['é = 1 && b = 2', 1, 7, 'no meaning'],
    ['and = 1', 1, 1, 'where a field should'],
    ['list[a = 1', 1, 11, 'close the element'],
  ])('%j: line %d, column %d', (text, line, column, message) => {
    const error = failure(() => parseQuery(text))
    expect(error.code).toBe('query.syntax')
    expect(error.place).toEqual({ line, column })
    expect(error.message).toContain(message)
  })

  it('hint at what was meant', () => {
    expect(failure(() => parseQuery('a = night')).hint).toContain('"night"')
    expect(failure(() => parseQuery('a == 1')).hint).toContain('one `=`')
    expect(failure(() => parseQuery('a <> 1')).hint).toContain('!=')
    expect(failure(() => parseQuery('a = 1 && b = 2')).hint).toContain('`and`')
  })

  it('are limited in depth, comparisons and values', () => {
    expect(failure(() => parseQuery(`${'('.repeat(30)}a = 1${')'.repeat(30)}`)).code).toBe('query.limit')
    expect(failure(() => parseQuery(`${'not '.repeat(10_000)}a = 1`)).code).toBe('query.limit')
    expect(failure(() => parseQuery(Array.from({ length: 201 }, () => 'a = 1').join(' or '))).code).toBe(
      'query.limit',
    )
    expect(
      failure(() => parseQuery(`a in (${Array.from({ length: 1_001 }, () => '1').join(',')})`)).code,
    ).toBe('query.limit')
  })
})

describe('filter trees', () => {
  it('are another way to write the same', () => {
    const tree = {
      and: [
        { path: 'width', op: '>=', value: 300 },
        { not: { path: 'metadata.timeofday', value: 'night' } },
        { path: ['m', 'a.b'], op: 'in', values: [1, 'x', true] },
        {
          path: 'annotations',
          op: 'any',
          filter: {
            or: [
              { path: 'class', op: '^=', value: 'c' },
              { path: 'n', op: 'exists' },
            ],
          },
        },
        { path: 'id', value: { number: '9007199254740993' } },
      ],
    }
    const text =
      'width >= 300 and not metadata.timeofday = "night" and m."a.b" in (1, "x", true) and annotations[class ^= "c" or exists n] and id = 9007199254740993'
    expect(withoutPlaces(parseTree(tree))).toEqual(withoutPlaces(parseQuery(text)))
  })

  it.each([
    [[], 'filter'],
    [{ and: [] }, 'filter.and'],
    [{ and: [{ path: 'a', op: '==', value: 1 }] }, 'filter.and[0].op'],
    [{ or: [{ path: 'a', value: {} }] }, 'filter.or[0].value'],
    [{ not: { path: '' } }, 'filter.not.path'],
    [{ path: 'a', value: 1, also: 2 }, 'filter.also'],
    [{ path: 'a', value: 2 ** 60 }, 'filter.value'],
    [{ path: 'a', op: 'in', values: [] }, 'filter.values'],
  ])('%j is refused at %s', (tree, path) => {
    const error = failure(() => parseTree(tree))
    expect(error.place).toEqual({ path })
  })
})

import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { exampleShape } from '../testing/example-shape.ts'
import { whereTrue } from './compile-filter.ts'
import { parseQuery } from './parse-query.ts'
import { parseTree } from './parse-tree.ts'
import { QueryError } from './query-error.ts'
import { resolveExpression } from './resolve.ts'

const shape = exampleShape()

/** A query is answered, or refused with a code and a place inside of it; nothing else is thrown. */
const answered = (compile: () => unknown, text?: string): boolean => {
  try {
    JSON.stringify(compile())
    return true
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    expect(error.message).not.toBe('')
    const { place } = error
    if (text === undefined || place === undefined || 'path' in place) {
      expect(place).toBeDefined()
      return false
    }
    const line = text.split('\n')[place.line - 1]
    expect(line).toBeDefined()
    expect(place.column).toBeGreaterThanOrEqual(1)
    expect(place.column).toBeLessThanOrEqual([...(line ?? '')].length + 1)
    return false
  }
}

const compileText = (text: string): boolean =>
  answered(() => whereTrue(resolveExpression(shape, parseQuery(text))), text)

/** Pieces of queries, so that most of a soup of them is nearly one. */
const PIECES = [
  ...[
    'id',
    'key',
    'width',
    'price',
    'metadata.a',
    'tags',
    'annotations',
    'annotations.class',
    'created_at',
    'level',
  ],
  ...[
    'camera.name',
    'annotations_search.class_count.car',
    'caption',
    'nothing',
    '"a b"',
    "'x",
    '"\\q"',
    '"\\u00e4"',
  ],
  ...[
    '=',
    '!=',
    '<',
    '<=',
    '>',
    '>=',
    '^=',
    '~',
    'in',
    'not',
    'between',
    'is',
    'null',
    'exists',
    'and',
    'or',
  ],
  ...[
    '(',
    ')',
    '[',
    ']',
    ',',
    '.',
    '1',
    '-1.5',
    '1e400',
    '9'.repeat(400),
    '0.' + '0'.repeat(300) + '1',
    'true',
  ],
  ...[
    '"2024-01-01"',
    '"infinity"',
    '"high"',
    '\n',
    '\t',
    'ſ',
    '😀',
    '\u0000',
    '\ud800',
    '&&',
    '%',
    '--',
    ';',
    'AND',
    '\u202e',
  ],
]

const soup = fc.array(fc.constantFrom(...PIECES), { maxLength: 25 }).map(parts => parts.join(' '))

/** `path operator literal`, joined: most of it is right. */
const clauses = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'id',
        'key',
        'width',
        'price',
        'metadata.a',
        'tags',
        'annotations.class',
        'created_at',
        'score',
      ),
      fc.constantFrom('=', '!=', '<', '>=', '^=', '~'),
      fc.oneof(
        fc.bigInt().map(String),
        fc.double().map(value => value.toString()),
        fc.string({ unit: 'binary' }).map(text => JSON.stringify(text)),
      ),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map(parts => parts.map(part => part.join(' ')).join(' and '))

describe('any text', () => {
  it.each([
    ['of any characters', fc.string({ unit: 'binary', maxLength: 60 })],
    ['of pieces of queries', soup],
  ])('%s is answered or refused with a place', (_, texts) => {
    fc.assert(
      fc.property(texts, text => void compileText(text)),
      { numRuns: 800 },
    )
  })

  it('of whole clauses is answered or refused with a place, and some of it is answered', () => {
    let good = 0
    fc.assert(
      fc.property(clauses, text => void (good += Number(compileText(text)))),
      { numRuns: 400 },
    )
    expect(good).toBeGreaterThan(10)
  })

  it.each([
    ['(', 30_000],
    ['not ', 12_000],
    ['annotations[', 4_000],
    ['width = 1 and ', 3_500],
    ['"', 30_000],
    ['.', 30_000],
    ['width in (', 4_000],
  ])('%s, repeated without an end, is refused', (piece, times) => {
    expect(compileText(piece.repeat(times))).toBe(false)
  })

  it('as a number of any length is a number or refused', () => {
    for (const path of ['id', 'width', 'price', 'score', 'ratio', 'metadata.a', 'annotations_search.count']) {
      for (const number of [
        '9'.repeat(40_000),
        `-1e${'9'.repeat(30)}`,
        `1e-${'9'.repeat(30)}`,
        `0.${'1'.repeat(40_000)}`,
      ])
        for (const operator of ['=', '<', '>=']) compileText(`${path} ${operator} ${number}`)
    }
  })
})

describe('any JSON', () => {
  it('as a filter is answered or refused with a place', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), value => {
        answered(() => whereTrue(resolveExpression(shape, parseTree(value))))
      }),
      { numRuns: 400 },
    )
  })

  it('with the members of a filter is answered or refused with a place', () => {
    const leaf = fc.record(
      {
        path: fc.oneof(
          fc.constantFrom('id', 'key', 'annotations', 'metadata.a', '__proto__'),
          fc.array(fc.string()),
        ),
        op: fc.oneof(fc.constantFrom('=', 'in', 'not in', 'exists', 'any', '^=', '~', '<'), fc.string()),
        value: fc.jsonValue(),
        values: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    const { tree } = fc.letrec(tie => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.record({ and: fc.array(tie('tree')) }),
        fc.record({ or: fc.array(tie('tree')) }),
        fc.record({ not: tie('tree') }),
        fc.record({ path: fc.constant('annotations'), op: fc.constant('any'), filter: tie('tree') }),
      ),
    }))
    fc.assert(
      fc.property(tree, value => void answered(() => whereTrue(resolveExpression(shape, parseTree(value))))),
      { numRuns: 400 },
    )
  })
})

import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { exampleShape } from '../testing/example-shape.ts'
import { compileIndexBody, stubBody } from './compile-index-body.ts'
import { numberCode, numberOfCode } from './number-code.ts'
import { survivesFiltering } from './survives.ts'

const body = compileIndexBody(exampleShape())
const indexed = (source: string, side = ''): Record<string, unknown> =>
  JSON.parse(body({ key: 'k', source, side })) as Record<string, unknown>

describe('body of a document', () => {
  it('is the document with side fields put in', () => {
    const source =
      '{"id":1,"metadata": {"a": {"b": [1, "x", true, null]}, "c": {}},"annotations":[{"id":2,"metadata":{"occluded":true}},{"id":3,"metadata":null}]}'
    expect(indexed(source, '{"annotations_search.class_count":[{"key":"car","n":3}]}')).toEqual({
      id: 1,
      metadata: { a: { b: [1, 'x', true, null] }, c: {} },
      annotations: [
        { id: 2, metadata: { occluded: true }, _x: { metadata: { '\u0001': ['o'], occluded: ['b1'] } } },
        { id: 3, metadata: null },
      ],
      _x: {
        key: 'k',
        'annotations_search.class_count': [{ key: 'car', n: 3 }],
        metadata: { '\u0001': ['o'], a: ['o'], 'a.b': ['o', 'nbff0000000000000', 'sx', 'b1'], c: ['o'] },
      },
    })
  })

  it('leaves the text of the document as it is', () => {
    const source = '{"price":1.50,"metadata":{"n":1e2, "t":"\\u00e9\\/"},"id":9007199254740993}'
    expect(body({ key: 'k', source, side: '' }).startsWith(source.slice(0, -1))).toBe(true)
  })

  it('carries the whole text where _source would lose digits', () => {
    for (const [source, lost] of [
      ['{"price":1.50}', false],
      ['{"price":12345678901234567890}', false],
      ['{"price":12345678901234567890.5}', true],
      ['{"metadata":{"a":[1e400]}}', true],
      ['{"annotations":[{"metadata":0.1234567890123456789}]}', true],
      ['{"price":"NaN"}', false],
      ['{"score":0.30000000000000004}', false],
      ['{"score":5e-324}', true],
      ['{"annotations":[{"weight":7e+22}]}', true],
      ['{"score":"-Infinity"}', false],
    ] as const) {
      expect((indexed(source)['_x'] as Record<string, unknown>)['verbatim']).toBe(lost ? source : undefined)
    }
  })

  it('of members of one name indexes the last, and carries the whole text', () => {
    const source =
      '{"id":1,"metadata":{"m":true,"a":{"b":1,"b":"x"},"m":[{"c":1.50,"c":2}]},"annotations":[{"id":2,"metadata":{"d":1,"d":null}}],"key":"k"}'
    const text = body({ key: 'k', source, side: '' })
    expect(text).toContain('"metadata":{"m":[{"c":2}],"a":{"b":"x"}},')
    expect(JSON.parse(text)).toEqual({
      ...(JSON.parse(source) as object),
      annotations: [{ id: 2, metadata: { d: null }, _x: { metadata: { '\u0001': ['o'] } } }],
      _x: {
        key: 'k',
        metadata: { '\u0001': ['o'], m: ['o'], 'm.c': ['nc000000000000000'], a: ['o'], 'a.b': ['sx'] },
        verbatim: source,
      },
    })
  })

  it('takes an empty document, JSON that is no object, and quotes in keys', () => {
    expect(indexed('{}')).toEqual({ _x: { key: 'k' } })
    expect(indexed('{"metadata":5}')['_x']).toEqual({
      key: 'k',
      metadata: { '\u0001': ['nc014000000000000'] },
    })
    expect(indexed('{"metadata":{"a\\"b":"c\\\\"}}')['_x']).toEqual({
      key: 'k',
      metadata: { '\u0001': ['o'], 'a"b': ['sc\\'] },
    })
    expect(JSON.parse(stubBody('a"b', 'why'))).toEqual({ _error: 'why', _x: { key: 'a"b' } })
  })

  it('equals the parsed document for any JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.array(fc.json(), { maxLength: 3 }), (metadata, elements) => {
        const source = `{"metadata":${metadata},"annotations":[${elements.map(json => `{"id":1,"metadata":${json}}`).join(',')}],"key":"ä"}`
        const { _x: _root, annotations, ...rest } = indexed(source)
        const plain = (annotations as Record<string, unknown>[]).map(({ _x: _inner, ...element }) => element)
        expect({ ...rest, annotations: plain }).toEqual(JSON.parse(source))
      }),
    )
  })
})

describe('codes of numbers', () => {
  it('order as the numbers do and read back', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
        const [left, right] = [numberCode(a), numberCode(b)]
        expect(left < right).toBe(a < b)
        expect(numberOfCode(left)).toBe(a === 0 ? 0 : a)
      }),
    )
  })
})

describe('what survives in a filtered _source', () => {
  it('is told exactly', () => {
    for (const token of ['0', '-12', '1.5', '0.30000000000000004', '1e3', '100.0', '1.5e-300'])
      expect([token, survivesFiltering(token)]).toEqual([token, true])
    for (const token of [
      '1e400',
      '0.30000000000000001',
      '1234567890.12345678901',
      '1e-400',
      '5e-324',
      '7e+22',
    ])
      expect([token, survivesFiltering(token)]).toEqual([token, false])
  })
})

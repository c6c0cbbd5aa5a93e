import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compareJson } from './compare-json.ts'
import { exactJsonText, parseExactJson } from './exact-json.ts'

describe('compareJson', () => {
  it.each([
    ['1', '1.0'],
    ['100', '1e2'],
    ['0', '-0.000'],
    ['12.50', '1.25E+1'],
    ['1e400', '10e399'],
    ['{"a":1,"b":[]}', ' { "b" : [ ] , "a" : 1.00 } '],
    ['"\\u00e9\\n"', '"é\\n"'],
  ])('%s equals %s', (one, other) => {
    expect(compareJson(one, other)).toEqual([])
  })

  it.each([
    ['9007199254740992', '9007199254740993'],
    ['0.1', '0.10000000000000000001'],
    ['1', '"1"'],
    ['-1', '1'],
    ['null', 'false'],
    ['[]', '{}'],
    ['1e400', '1e401'],
    ['"a"', '"A"'],
  ])('%s differs from %s', (expected, actual) => {
    expect(compareJson(expected, actual)).toEqual([{ path: '', expected, actual }])
  })

  it('names the differing paths', () => {
    const expected = '{"id":1,"list":[{"x":{"a b":true}},2],"gone":null}'
    const actual = '{"list":[{"x":{"a b":false}},2,3],"id":1.0,"new":[1.50]}'
    expect(compareJson(expected, actual)).toEqual([
      { path: 'list[0].x["a b"]', expected: 'true', actual: 'false' },
      { path: 'list[2]', expected: undefined, actual: '3' },
      { path: 'gone', expected: 'null', actual: undefined },
      { path: 'new', expected: undefined, actual: '[1.50]' },
    ])
  })

  it('stops at its limit', () => {
    const list = (value: number): string => JSON.stringify(Array<number>(50).fill(value))
    expect(compareJson(list(1), list(2))).toHaveLength(20)
    expect(compareJson(list(1), list(2), 3)).toHaveLength(3)
  })

  it('sees members that are there twice', () => {
    expect(compareJson('{"a":1,"a":2}', '{"a":1,"a":2.0}')).toEqual([])
    expect(compareJson('{"a":1,"a":2}', '{"a":2}')).not.toEqual([])
  })

  it('keeps names of prototypes apart', () => {
    expect(compareJson('{"__proto__":1}', '{}')).toEqual([
      { path: '__proto__', expected: '1', actual: undefined },
    ])
  })

  it.each([
    '',
    '{',
    '[1,]',
    '{"a" 1}',
    '{"a":}',
    '01',
    '1.',
    'tru',
    '"\n',
    '[1 2]',
    '{1:2}',
    '1 1',
    '{"a":1]',
  ])('refuses %j and does not quote it', text => {
    expect(() => compareJson('null', text)).toThrow(/^not JSON at character \d+$/)
  })

  it('reads and writes what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        const text = JSON.stringify(value)
        expect(JSON.parse(exactJsonText(parseExactJson(text)))).toEqual(JSON.parse(text))
        expect(compareJson(text, JSON.stringify(value, null, 2))).toEqual([])
      }),
    )
  })
})

import { describe, expect, it } from '@jest/globals'
import { canonicalJson, canonicalNumber, exactJsonText, parseExactJson } from './exact-json.ts'

describe('canonicalNumber', () => {
  it('compares by value', () => {
    expect(canonicalNumber('1.50')).toBe(canonicalNumber('15e-1'))
    expect(canonicalNumber('100')).toBe(canonicalNumber('1E+2'))
    expect(canonicalNumber('-0.0')).toBe(canonicalNumber('0'))
    expect(canonicalNumber('-1')).not.toBe(canonicalNumber('1'))
  })

  it('keeps every digit', () => {
    expect(canonicalNumber('9007199254740993')).not.toBe(canonicalNumber('9007199254740992'))
    expect(canonicalNumber('0.10000000000000000001')).not.toBe(canonicalNumber('0.1'))
  })
})

describe('canonicalJson', () => {
  it('does not see the order of fields and spaces', () => {
    expect(canonicalJson('{"b": [1, {"d": null, "c": "x"}], "a": true}')).toBe(
      canonicalJson('{"a":true,"b":[1.0,{"c":"x","d":null}]}'),
    )
  })

  it('sees the order of elements, types and missing fields', () => {
    expect(canonicalJson('[1,2]')).not.toBe(canonicalJson('[2,1]'))
    expect(canonicalJson('{"a":"1"}')).not.toBe(canonicalJson('{"a":1}'))
    expect(canonicalJson('{"a":null}')).not.toBe(canonicalJson('{}'))
  })
})

describe('parseExactJson', () => {
  it('takes the last of two members of one name', () => {
    expect(parseExactJson('{"a":true,"a":false}')).toEqual({ a: false })
  })
})

describe('exactJsonText', () => {
  it('gives back what was parsed', () => {
    const text = '{"n":9007199254740993.10,"l":[1e400,"x\\n",null,false]}'
    expect(exactJsonText(parseExactJson(text))).toBe(text)
  })
})

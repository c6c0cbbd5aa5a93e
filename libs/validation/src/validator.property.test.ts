import fc from 'fast-check'
import { describe, expect, it } from '@jest/globals'
import { compareDecimals, isMultipleOf, parseDecimal } from './decimals.ts'
import { checkPattern, compilePattern } from './patterns.ts'

const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.integer({ min: 0, max: 20 }))
  .map(([digits, scale]) => {
    const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, '0')
    const at = text.length - scale
    return {
      digits,
      scale,
      text: `${digits < 0n ? '-' : ''}${text.slice(0, at)}${scale > 0 ? `.${text.slice(at)}` : ''}`,
    }
  })

describe('decimals', () => {
  it('are read exactly', () => {
    fc.assert(
      fc.property(decimal, ({ digits, scale, text }) =>
        expect(parseDecimal(text)).toEqual({ digits, scale }),
      ),
    )
  })

  it('are ordered as fractions are, whatever their trailing zeros', () => {
    fc.assert(
      fc.property(decimal, decimal, (a, b) => {
        const left = a.digits * 10n ** BigInt(b.scale)
        const right = b.digits * 10n ** BigInt(a.scale)
        expect(compareDecimals(a, b)).toBe(left < right ? -1 : left > right ? 1 : 0)
        expect(compareDecimals(a, { digits: a.digits * 100n, scale: a.scale + 2 })).toBe(0)
      }),
    )
  })

  it('are multiples of what they are made of', () => {
    fc.assert(
      fc.property(decimal, fc.bigInt({ min: -1000n, max: 1000n }), (unit, times) => {
        fc.pre(unit.digits !== 0n)
        expect(isMultipleOf({ digits: unit.digits * times, scale: unit.scale }, unit)).toBe(true)
      }),
    )
  })

  it('in exponent form equal the number they write', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
        const { digits, scale } = parseDecimal(String(value))!
        expect(Number(`${digits}e-${scale}`)).toBe(value === 0 ? 0 : value)
      }),
    )
  })
})

describe('patterns', () => {
  it('agree with JavaScript where both have a meaning', () => {
    const pattern = fc.stringMatching(/^\^?[a-c]{1,3}[*+?]?[a-c.]{0,2}\$?$/)
    fc.assert(
      fc.property(pattern, fc.stringMatching(/^[a-d]{0,8}$/), (source, text) => {
        fc.pre(checkPattern(source) === undefined)
        expect(compilePattern(source)(text)).toBe(new RegExp(source, 'u').test(text))
      }),
    )
  })

  it('outside of RE2 are refused', () => {
    expect(checkPattern('(?=a)b')).toBeDefined()
    expect(checkPattern('(a)\\1')).toBeDefined()
    expect(checkPattern('[')).toBeDefined()
  })
})

/** A decimal number as digits and the number of those behind the point: exact at any size. */
export interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

const FORM = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/** Reads `-12.50` and `1.5e-07`; undefined for NaN, infinities and everything else. */
export const parseDecimal = (text: string): Decimal | undefined => {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = BigInt(`${sign}${whole}${fraction}`)
  const scale = fraction.length - Number(exponent)
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

/** Both numbers as whole numbers of the same unit. */
const align = (a: Decimal, b: Decimal): readonly [bigint, bigint] => {
  const scale = Math.max(a.scale, b.scale)
  return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale)]
}

/** Negative: `a` is less. */
export const compareDecimals = (a: Decimal, b: Decimal): number => {
  const [x, y] = align(a, b)
  return x < y ? -1 : x > y ? 1 : 0
}

export const isMultipleOf = (value: Decimal, of: Decimal): boolean => {
  const [x, y] = align(value, of)
  return x % y === 0n
}

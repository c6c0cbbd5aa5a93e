interface Canonical {
  /** Significant digits without leading and trailing zeros. */
  readonly digits: string
  /** value = 0.digits * 10^point */
  readonly point: number
}

const canonical = (token: string): Canonical => {
  const match = /^-?(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(token)
  const whole = match?.[1] ?? ''
  const fraction = match?.[2] ?? ''
  const all = whole + fraction
  const trimmed = all.replace(/^0+/, '')
  const digits = trimmed.replace(/0+$/, '')
  if (digits === '') return { digits: '', point: 0 }
  return { digits, point: whole.length - (all.length - trimmed.length) + Number(match?.[3] ?? 0) }
}

const SHORT = 16

/** Java's texts are read back as the same float, but are other decimals: 5e-324 is 4.9E-324, before Java 19 7e22 is 7.0000000000000004E22. */
const isPrintedOtherwise = (value: number): boolean => {
  const size = Math.abs(value)
  return size >= 1e16 || (size > 0 && size < 1e-300)
}

/**
 * Whether Elasticsearch's filtered `_source` keeps the value of a JSON number. Filtering writes `_source` anew and takes every
 * number with a point or exponent through a 64-bit float (found on 8.19.9); whole numbers are kept.
 */
export const survivesFiltering = (token: string): boolean => {
  if (/^-?\d+$/.test(token)) return true
  if (token.length <= SHORT && !/[eE]/.test(token)) return true
  const value = Number(token)
  if (!Number.isFinite(value) || isPrintedOtherwise(value)) return false
  const before = canonical(token)
  const after = canonical(String(value))
  return before.digits === after.digits && before.point === after.point
}

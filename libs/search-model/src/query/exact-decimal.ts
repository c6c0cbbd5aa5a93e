/** value = unscaled / 10^scale, without trailing zeros; scale >= 0. */
export interface ExactDecimal {
  readonly unscaled: bigint
  readonly scale: number
}

const MAX_EXPONENT = 400

/** Reads digits as a query holds them. Undefined when the exponent is absurd. */
export const parseDecimal = (text: string): ExactDecimal | undefined => {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (match === null) return undefined
  const fraction = match[3] ?? ''
  const exponent = Number(match[4] ?? 0)
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined
  let unscaled = BigInt(match[2]! + fraction)
  let scale = fraction.length - exponent
  if (scale < 0) {
    unscaled *= 10n ** BigInt(-scale)
    scale = 0
  }
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n
    scale--
  }
  return { unscaled: match[1] === '-' ? -unscaled : unscaled, scale }
}

export const isWhole = (value: ExactDecimal): boolean => value.scale === 0

/** Largest whole number that is not above the value. */
export const floor = ({ unscaled, scale }: ExactDecimal): bigint => {
  const divisor = 10n ** BigInt(scale)
  const quotient = unscaled / divisor
  return unscaled < 0n && quotient * divisor !== unscaled ? quotient - 1n : quotient
}

/** Plain digits without exponent, e.g. `-0.5`. */
export const printDecimal = ({ unscaled, scale }: ExactDecimal): string => {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const sign = unscaled < 0n ? '-' : ''
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

export const compareDecimals = (a: ExactDecimal, b: ExactDecimal): number => {
  const scale = Math.max(a.scale, b.scale)
  const left = a.unscaled * 10n ** BigInt(scale - a.scale)
  const right = b.unscaled * 10n ** BigInt(scale - b.scale)
  return left < right ? -1 : left > right ? 1 : 0
}

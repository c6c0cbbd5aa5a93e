/** A point in time: microseconds since 1970-01-01 UTC, or Postgres' infinities. */
export type Instant = { readonly micros: bigint } | { readonly infinite: 'infinity' | '-infinity' }

export type InstantKind = 'date' | 'timestamp' | 'timestamptz'

const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/

const offsetMinutes = (text: string | undefined): number => {
  if (text === undefined || text === 'Z') return 0
  const sign = text.startsWith('-') ? -1 : 1
  const digits = text.slice(1).replace(':', '').padEnd(4, '0')
  return sign * (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2)))
}

const isRealDay = (year: number, month: number, day: number): boolean => {
  const date = new Date(Date.UTC(2000, 0, 1))
  date.setUTCFullYear(year, month - 1, day)
  return year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

/**
 * `2024-01-31`, `2024-01-31T10:00`, with seconds, up to six digits of fraction, Z or an offset (none means UTC), a space for the T;
 * `infinity` and `-infinity`. Undefined for everything else.
 */
export const parseInstant = (text: string): Instant | undefined => {
  if (text === 'infinity' || text === '-infinity') return { infinite: text }
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(part => (part === undefined ? undefined : Number(part)))
  if (!isRealDay(year!, month!, day!) || hour > 23 || minute > 59 || second > 59) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year!, month! - 1, day)
  date.setUTCHours(hour, minute - offsetMinutes(match[8]), second)
  return { micros: BigInt(date.getTime()) * 1_000n + BigInt((match[7] ?? '').padEnd(6, '0')) }
}

/** Milliseconds, rounded down as Elasticsearch's date does. */
export const millisOf = (micros: bigint): bigint => {
  const quotient = micros / 1_000n
  return micros < 0n && quotient * 1_000n !== micros ? quotient - 1n : quotient
}

/** The text that Postgres' to_json prints in a UTC session: fraction only when it is not zero, trailing zeros cut. */
export const printInstant = (kind: InstantKind, micros: bigint): string => {
  const millis = millisOf(micros)
  const iso = new Date(Number(millis)).toISOString()
  if (kind === 'date') return iso.slice(0, 10)
  const fraction = (iso.slice(20, 23) + (micros - millis * 1_000n).toString().padStart(3, '0')).replace(
    /0+$/,
    '',
  )
  const offset = kind === 'timestamptz' ? '+00:00' : ''
  return `${iso.slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}${offset}`
}

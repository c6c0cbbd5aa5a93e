import { isUtf8 } from 'node:buffer'
import type { ColumnKind } from '../column-type.ts'
import { daysFromCivil } from './civil-time.ts'
import type { Output } from './output.ts'
import { WIRE_VARINT } from './wire-types.ts'

/**
 * Why a value was not written: its text is none of the column's type (`type`), lies outside of what the message can carry
 * (`range`), or an array that must not hold nulls does (`missing`).
 */
export type WriteFault = 'type' | 'range' | 'missing'

/** Writes one value, without its tag. Room for 32 bytes was made; what is longer makes its own. */
export type ScalarWriter = (out: Output, text: Uint8Array) => WriteFault | undefined

const MINUS = 0x2d
const DOT = 0x2e

const latin1 = (text: Uint8Array): string =>
  (Buffer.isBuffer(text) ? text : Buffer.from(text.buffer, text.byteOffset, text.length)).toString('latin1')

const writeBoolean: ScalarWriter = (out, text) => {
  if (text.length !== 1 || (text[0] !== 0x74 && text[0] !== 0x66)) return 'type'
  out.byte(text[0] === 0x74 ? 1 : 0)
  return undefined
}

/** Digits with an optional minus; NaN otherwise. Exact below 2^53, so for up to 15 digits. */
const parseShortInteger = (text: Uint8Array): number => {
  const start = text[0] === MINUS ? 1 : 0
  if (text.length === start || text.length > 15 + start) return NaN
  let value = 0
  for (let i = start; i < text.length; i++) {
    const digit = text[i]! - 0x30
    if (digit < 0 || digit > 9) return NaN
    value = value * 10 + digit
  }
  return start === 1 ? -value : value
}

const integerWriter =
  (min: number, max: number): ScalarWriter =>
  (out, text) => {
    const value = parseShortInteger(text)
    if (Number.isNaN(value)) return /^-?\d+$/.test(latin1(text)) ? 'range' : 'type'
    if (value < min || value > max) return 'range'
    out.signed(value)
    return undefined
  }

const writeInt64: ScalarWriter = (out, text) => {
  const short = parseShortInteger(text)
  if (!Number.isNaN(short)) {
    out.signed(short)
    return undefined
  }
  const string = latin1(text)
  if (!/^-?\d+$/.test(string)) return 'type'
  const value = BigInt(string)
  if (BigInt.asIntN(64, value) !== value) return 'range'
  out.varint64(Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn))
  return undefined
}

const FLOAT = /^(-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN)$/

const parseFloatText = (text: Uint8Array): number | undefined => {
  const string = latin1(text)
  return FLOAT.test(string) ? Number(string) : undefined
}

const isInfinityText = (text: Uint8Array): boolean => text[0] === 0x49 || text[1] === 0x49

const writeFloat64: ScalarWriter = (out, text) => {
  const value = parseFloatText(text)
  if (value === undefined) return 'type'
  if (!Number.isFinite(value) && !Number.isNaN(value) && !isInfinityText(text)) return 'range'
  out.bytes.writeDoubleLE(value, out.at)
  out.at += 8
  return undefined
}

const writeFloat32: ScalarWriter = (out, text) => {
  const value = parseFloatText(text)
  if (value === undefined) return 'type'
  if (!Number.isFinite(Math.fround(value)) && !Number.isNaN(value) && !isInfinityText(text)) return 'range'
  out.bytes.writeFloatLE(value, out.at)
  out.at += 4
  return undefined
}

const writeDelimited = (out: Output, text: Uint8Array): undefined => {
  out.reserve(text.length + 5)
  out.varint32(text.length)
  out.raw(text)
  return undefined
}

const isText = (text: Uint8Array): boolean => {
  if (text.length <= 32) {
    let bits = 0
    for (let i = 0; i < text.length; i++) bits |= text[i]!
    if (bits < 0x80) return true
  }
  return isUtf8(text)
}

const writeText: ScalarWriter = (out, text) => (isText(text) ? writeDelimited(out, text) : 'type')

/** Plain digits, as numeric prints them; or NaN and the infinities. */
const isDecimal = (text: Uint8Array): boolean => {
  const start = text[0] === MINUS ? 1 : 0
  let dots = 0
  for (let i = start; i < text.length; i++) {
    const char = text[i]!
    if (char === DOT && i > start && i < text.length - 1) dots++
    else if (char < 0x30 || char > 0x39) return /^(NaN|-?Infinity)$/.test(latin1(text))
  }
  return text.length > start && dots <= 1
}

const writeDecimal: ScalarWriter = (out, text) => (isDecimal(text) ? writeDelimited(out, text) : 'type')

const matching =
  (pattern: RegExp): ScalarWriter =>
  (out, text) =>
    pattern.test(latin1(text)) ? writeDelimited(out, text) : 'type'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const DATE = /^(\d{4,}-\d\d-\d\d( BC)?|-?infinity)$/
const TIME = /^\d\d:\d\d:\d\d(\.\d{1,6})?([+-]\d\d(:\d\d){0,2})?$/

const hexDigit = (char: number): number => {
  if (char >= 0x30 && char <= 0x39) return char - 0x30
  return char >= 0x61 && char <= 0x66 ? char - 0x57 : -1
}

/** `\x00ff` (bytea_output = hex). */
const writeBytes: ScalarWriter = (out, text) => {
  if (text.length % 2 !== 0 || text[0] !== 0x5c || text[1] !== 0x78) return 'type'
  const length = (text.length - 2) / 2
  out.reserve(length + 5)
  out.varint32(length)
  for (let i = 2; i < text.length; i += 2) {
    const high = hexDigit(text[i]!)
    const low = hexDigit(text[i + 1]!)
    if (high < 0 || low < 0) return 'type'
    out.byte((high << 4) | low)
  }
  return undefined
}

const two = (text: Uint8Array, at: number): number => (text[at]! - 0x30) * 10 + text[at + 1]! - 0x30

/** Microseconds after the dot at `at`, and where they end. */
const fractionNanos = (text: Uint8Array, at: number, end: number): number => {
  let nanos = 0
  let scale = 100_000_000
  for (let i = at + 1; i < end; i++) {
    nanos += (text[i]! - 0x30) * scale
    scale /= 10
  }
  return nanos
}

const TIMESTAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$/
/** Right for the type, but no year from 1 to 9999. */
const OUT_OF_RANGE =
  /^(-?infinity|\d{5,}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?|\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})? BC)$/

const ZONE = '+00'

/** Sessions are pinned to UTC, so the only zone there can be is +00. */
const timestampWriter =
  (zone: string): ScalarWriter =>
  (out, text) => {
    const string = latin1(text)
    const plain = string.endsWith(zone) ? string.slice(0, string.length - zone.length) : ''
    if (!TIMESTAMP.test(plain))
      return OUT_OF_RANGE.test(zone === '' ? string : string.replace(zone, '')) ? 'range' : 'type'
    const year = two(text, 0) * 100 + two(text, 2)
    if (year === 0) return 'range'
    const days = daysFromCivil(year, two(text, 5), two(text, 8))
    const seconds = days * 86400 + two(text, 11) * 3600 + two(text, 14) * 60 + two(text, 17)
    const nanos = plain.length > 19 ? fractionNanos(text, 19, plain.length) : 0
    writeTimestamp(out, seconds, nanos)
    return undefined
  }

/** google.protobuf.Timestamp: at most 10 + 1 + 5 + 1 bytes, so its length fits one byte. */
const writeTimestamp = (out: Output, seconds: number, nanos: number): void => {
  const lengthAt = out.at++
  if (seconds !== 0) {
    out.byte((1 << 3) | WIRE_VARINT)
    out.signed(seconds)
  }
  if (nanos !== 0) {
    out.byte((2 << 3) | WIRE_VARINT)
    out.varint32(nanos)
  }
  out.bytes[lengthAt] = out.at - lengthAt - 1
}

export const scalarWriters: Readonly<Record<ColumnKind, ScalarWriter>> = {
  boolean: writeBoolean,
  int16: integerWriter(-32768, 32767),
  int32: integerWriter(-2147483648, 2147483647),
  int64: writeInt64,
  float32: writeFloat32,
  float64: writeFloat64,
  decimal: writeDecimal,
  text: writeText,
  uuid: matching(UUID),
  bytes: writeBytes,
  date: matching(DATE),
  time: matching(TIME),
  timestamp: timestampWriter(''),
  timestamptz: timestampWriter(ZONE),
  json: writeText,
}

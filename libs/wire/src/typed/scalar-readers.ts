import type { ColumnKind } from '../column-type.ts'
import { civilText } from './civil-time.ts'
import type { Input } from './input.ts'
import { numberJson, quote } from './json-text.ts'

/** Reads one value without its tag and prints it as to_json does in a UTC session. */
export type ScalarReader = (input: Input) => string

const readBoolean: ScalarReader = input => (input.varint32() === 0 ? 'false' : 'true')

const readInt32: ScalarReader = input => {
  input.varint64()
  return `${input.low | 0}`
}

const TWO_32 = 0x100000000

const readInt64: ScalarReader = input => {
  input.varint64()
  const { low, high } = input
  if (high > -0x200000 && high < 0x200000) return `${high * TWO_32 + (low >>> 0)}`
  return ((BigInt(high) << 32n) | BigInt(low >>> 0)).toString()
}

/** Shortest text that reads back as the same number, with the sign of zero. */
const floatText = (value: number): string => (Object.is(value, -0) ? '-0' : numberJson(String(value)))

const readFloat64: ScalarReader = input => floatText(input.bytes.readDoubleLE(input.take(8)))

const shortestFloat32 = (value: number): string => {
  if (!Number.isFinite(value)) return numberJson(String(value))
  for (let digits = 1; digits <= 9; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return floatText(Number(text))
  }
  return floatText(value)
}

const readFloat32: ScalarReader = input => shortestFloat32(input.bytes.readFloatLE(input.take(4)))

const takeString = (input: Input): string => {
  const end = input.delimitedEnd()
  const text = input.bytes.toString('utf8', input.at, end)
  input.at = end
  return text
}

const readText: ScalarReader = input => quote(takeString(input))
/** For texts that hold nothing to escape. */
const readPlain: ScalarReader = input => `"${takeString(input)}"`
const readDecimal: ScalarReader = input => numberJson(takeString(input))

const readBytes: ScalarReader = input => {
  const end = input.delimitedEnd()
  const hex = input.bytes.toString('hex', input.at, end)
  input.at = end
  return `"\\\\x${hex}"`
}

const timestampReader =
  (zone: string): ScalarReader =>
  input => {
    const end = input.delimitedEnd()
    let seconds = 0
    let nanos = 0
    while (input.at < end) {
      const tag = input.varint32()
      input.varint64()
      if (tag === 8) seconds = input.high * TWO_32 + (input.low >>> 0)
      else if (tag === 16) nanos = input.low
    }
    return `"${civilText(seconds, nanos)}${zone}"`
  }

export const scalarReaders: Readonly<Record<ColumnKind, ScalarReader>> = {
  boolean: readBoolean,
  int16: readInt32,
  int32: readInt32,
  int64: readInt64,
  float32: readFloat32,
  float64: readFloat64,
  decimal: readDecimal,
  text: readText,
  uuid: readPlain,
  bytes: readBytes,
  date: readPlain,
  time: readPlain,
  timestamp: timestampReader(''),
  timestamptz: timestampReader('+00:00'),
  json: takeString,
}

/** An array that travels as its JSON text. */
export const readJsonText: ScalarReader = takeString

import type { ColumnType } from '@headrace/wire'
import { unquoted } from './key-text.ts'

const VALUE = 1
/** Nulls come last, in either direction (05 A9a). */
const NULL = 2

/**
 * Bytes whose order is the order of values (05 A9a): text by UTF-8 bytes, numbers by value, enums by label order, nulls
 * last. Self-delimiting, so keys of several columns can be joined. `json` is null or a JSON text.
 */
export const sortKeyOf = (type: ColumnType, json: string | null, descending = false): Buffer => {
  if (json === null || json === 'null') return Buffer.from([NULL])
  const value = valueBytes(type, json)
  if (descending) for (let i = 0; i < value.length; i++) value[i] = value[i]! ^ 0xff
  return Buffer.concat([Buffer.from([VALUE]), value])
}

const valueBytes = (type: ColumnType, json: string): Buffer => {
  switch (type.kind) {
    case 'boolean':
      return Buffer.from([json === 'true' ? 1 : 0])
    case 'int16':
    case 'int32':
    case 'int64':
      return integerBytes(json)
    case 'decimal':
      return decimalBytes(unquoted(json))
    case 'float32':
    case 'float64':
      return floatBytes(Number(unquoted(json)))
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return timeBytes(unquoted(json))
    case 'text':
      return type.labels === undefined ? textBytes(unquoted(json)) : labelBytes(type.labels, unquoted(json))
    case 'uuid':
    case 'bytes':
    case 'time':
      return textBytes(unquoted(json))
    case 'json':
      return textBytes(json)
  }
}

/** A zero byte ends it: no Postgres text holds one. */
const textBytes = (text: string): Buffer => Buffer.from(`${text}\u0000`)

const labelBytes = (labels: readonly string[], text: string): Buffer => {
  const out = Buffer.alloc(2)
  const index = labels.indexOf(text)
  out.writeUInt16BE(index < 0 ? 0xffff : index)
  return out
}

const integerBytes = (json: string): Buffer => {
  const out = Buffer.alloc(8)
  out.writeBigInt64BE(BigInt.asIntN(64, BigInt(json)))
  out[0] = out[0]! ^ 0x80
  return out
}

const floatBytes = (value: number): Buffer => {
  const out = Buffer.alloc(8)
  // NaN is the highest in Postgres; -0 equals 0
  if (Number.isNaN(value)) return out.fill(0xff)
  out.writeDoubleBE(value === 0 ? 0 : value)
  if ((out[0]! & 0x80) === 0) out[0] = out[0]! | 0x80
  else for (let i = 0; i < 8; i++) out[i] = out[i]! ^ 0xff
  return out
}

const DECIMAL = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/
const EXPONENT_BIAS = 0x80000000

/** Class byte, exponent of the first digit, digits, end; of a negative number all but the class inverted. */
const decimalBytes = (text: string): Buffer => {
  if (text === 'NaN') return Buffer.from([5])
  if (text === 'Infinity') return Buffer.from([4])
  if (text === '-Infinity') return Buffer.from([0])
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? []
  const all = whole + fraction
  const digits = all.replace(/^0+/, '')
  if (digits === '') return Buffer.from([2])
  const firstDigit = whole.length - (all.length - digits.length) + Number(exponent)
  const out = Buffer.from(`     ${digits.replace(/0+$/, '')}\u0000`, 'latin1')
  out[0] = sign === '-' ? 1 : 3
  out.writeUInt32BE(firstDigit + EXPONENT_BIAS, 1)
  if (sign === '-') for (let i = 1; i < out.length; i++) out[i] = out[i]! ^ 0xff
  return out
}

const YEAR = /^(\d+)(-.*?)( BC)?$/

/** Signed year, then the rest as text: months to seconds have fixed widths, and '+' and the end sort before '.'. */
const timeBytes = (text: string): Buffer => {
  if (text === 'infinity') return Buffer.from([0xff])
  if (text === '-infinity') return Buffer.from([0])
  const [, digits = '0', rest = text, bc] = YEAR.exec(text) ?? []
  const year = bc === undefined ? Number(digits) : 1 - Number(digits)
  const head = Buffer.alloc(5, 1)
  head.writeUInt32BE(year + EXPONENT_BIAS, 1)
  return Buffer.concat([head, textBytes(rest)])
}

import { canonicalKeyText, type ColumnType } from '@headrace/wire'
import { suggestion } from '../yaml/nearest.ts'

/** A value of a condition as the column prints it, or why it is none of its values. */
export type ConditionValue = { readonly text: string } | { readonly mistake: string }

/** A value as the file has it; `source` is the text of a number with all its digits. */
export interface WrittenValue {
  readonly value: string | number | boolean
  readonly source: string | undefined
}

const mistake = (text: string): ConditionValue => ({ mistake: text })

const INTEGER = /^[+-]?\d{1,40}$/
const DECIMAL = /^[+-]?\d+(\.\d+)?$/
const BITS = { int16: 16n, int32: 32n, int64: 64n } as const

/** Numbers may stand in quotes or not; their digits are taken from the file, not from JavaScript's doubles. */
const writtenNumber = ({ value, source }: WrittenValue, form: RegExp): string => {
  if (typeof value === 'string') return value
  if (source !== undefined && form.test(source)) return source
  return Number.isSafeInteger(value) ? String(value) : (source ?? String(value))
}

const integerValue = (kind: keyof typeof BITS, written: WrittenValue): ConditionValue => {
  const text = writtenNumber(written, INTEGER)
  if (!INTEGER.test(text)) return mistake(`"${text}" is no whole number (${kind})`)
  const most = 2n ** (BITS[kind] - 1n)
  const value = BigInt(text.replace('+', ''))
  if (value < -most || value >= most)
    return mistake(`${text} is outside of ${kind}: ${-most} to ${most - 1n} are possible`)
  return { text: String(value) }
}

const SPECIAL_DECIMALS = ['NaN', 'Infinity', '-Infinity']

const decimalValue = (written: WrittenValue): ConditionValue => {
  const text = writtenNumber(written, DECIMAL)
  if (SPECIAL_DECIMALS.includes(text)) return { text }
  if (!DECIMAL.test(text)) return mistake(`"${text}" is no decimal number; write it without an exponent`)
  const plain = text.replace('+', '').replace(/^(-?)0+(?=\d)/, '$1')
  return { text: canonicalKeyText('numeric', plain) }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const uuidValue = (value: string): ConditionValue => {
  const text = value.toLowerCase()
  return UUID.test(text)
    ? { text }
    : mistake(`"${value}" is no uuid like 0f8fad5b-d9cb-469f-a165-70867728950e`)
}

/** Months and days exist; years 1 to 9999. */
const isDay = (day: string): boolean => {
  const time = Date.parse(`${day}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(day) && !day.startsWith('0000')
}

const DATE = /^\d{4}-\d\d-\d\d$/

const dateValue = (value: string): ConditionValue => {
  if (value === 'infinity' || value === '-infinity') return { text: value }
  return DATE.test(value) && isDay(value) ? { text: value } : mistake(`"${value}" is no date like 2024-01-31`)
}

const TIMESTAMP =
  /^(\d{4}-\d\d-\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?)? ?(Z|[+-]\d\d(?::?\d\d)?)?$/

const offsetMinutes = (zone: string): number => {
  if (zone === 'Z') return 0
  const digits = zone.slice(1).replace(':', '')
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4))
  return zone.startsWith('-') ? -minutes : minutes
}

/** A point in time as Postgres prints it in a UTC session. */
const timestampValue = (value: string, zoned: boolean): ConditionValue => {
  const example = zoned ? '2024-01-31T12:00:00Z' : '2024-01-31T12:00:00'
  const match = TIMESTAMP.exec(value)
  const [, day = '', hour = '00', minute = '00', second = '00', fraction = '', zone] = match ?? []
  if (match === null || !isDay(day)) return mistake(`"${value}" is no point in time like ${example}`)
  if (zoned && zone === undefined) return mistake(`"${value}" has no zone: write it like ${example}`)
  if (!zoned && zone !== undefined)
    return mistake(`"${value}" has a zone, the column has none: write it like ${example}`)
  const time = Date.parse(`${day}T${hour}:${minute}:${second}Z`) - offsetMinutes(zone ?? 'Z') * 60_000
  const iso = new Date(time).toISOString()
  if (!/^\d{4}-/.test(iso) || iso.startsWith('0000'))
    return mistake(`"${value}" is outside of years 1 to 9999`)
  const micros = fraction.replace(/0+$/, '')
  const clock = iso.slice(0, 19).replace('T', ' ')
  return { text: `${clock}${micros === '' ? '' : `.${micros}`}${zoned ? '+00' : ''}` }
}

const textValue = (labels: readonly string[] | undefined, value: string): ConditionValue => {
  if (value.includes('\u0000')) return mistake('no text in Postgres holds a zero byte')
  if (labels === undefined || labels.includes(value)) return { text: value }
  return mistake(`"${value}" is no label of the enum.${suggestion(value, labels)}`)
}

/** Kinds whose equal values print equal texts once they are normalised, so that `in` is exact. */
export const isComparable = ({ kind, dimensions }: ColumnType): boolean =>
  dimensions === 0 && !['float32', 'float64', 'json', 'bytes', 'time'].includes(kind)

const quotedValue = (type: ColumnType, value: string): ConditionValue => {
  switch (type.kind) {
    case 'uuid':
      return uuidValue(value)
    case 'date':
      return dateValue(value)
    case 'timestamp':
    case 'timestamptz':
      return timestampValue(value, type.kind === 'timestamptz')
    default:
      return textValue(type.labels, value)
  }
}

/** Of a comparable type: the value as the column prints it. */
export const conditionValue = (type: ColumnType, written: WrittenValue): ConditionValue => {
  const { value } = written
  if (type.kind === 'boolean')
    return typeof value === 'boolean'
      ? { text: String(value) }
      : mistake(`"${value}" is neither true nor false`)
  if (typeof value === 'boolean') return mistake(`${value} does not fit: the column is no boolean`)
  if (type.kind === 'int16' || type.kind === 'int32' || type.kind === 'int64')
    return integerValue(type.kind, written)
  if (type.kind === 'decimal') return decimalValue(written)
  if (typeof value === 'number')
    return mistake(`${written.source ?? value} is a number; a value of this column stands in quotes`)
  return quotedValue(type, value)
}

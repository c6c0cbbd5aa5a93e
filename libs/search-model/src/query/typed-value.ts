import type { ColumnKind, ColumnType } from '@headrace/wire'
import type { PlacedLiteral } from './ast.ts'
import { type ExactDecimal, parseDecimal } from './exact-decimal.ts'
import { type Instant, parseInstant } from './instant.ts'
import { nearestNames } from './nearest-names.ts'
import { QueryError } from './query-error.ts'

/** A literal read as what it is compared with. */
export type TypedValue =
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'number'; readonly value: ExactDecimal }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'instant'; readonly value: Instant }

const WORDS: Record<ColumnKind, string> = {
  boolean: 'true or false',
  int16: 'a number',
  int32: 'a number',
  int64: 'a number',
  float32: 'a number',
  float64: 'a number',
  decimal: 'a number',
  text: 'a text',
  uuid: 'a text such as "0b0e7a9c-6f0c-4b7e-9d8e-2d3c8f1a2b3c"',
  bytes: 'a text of hexadecimal digits such as "\\\\x00ff"',
  date: 'a date such as "2024-01-31"',
  time: 'a time such as "10:30:00"',
  timestamp: 'a time such as "2024-01-31T10:30:00"',
  timestamptz: 'a time such as "2024-01-31T10:30:00Z"',
  json: 'a text, a number, true or false',
}

const shown = (literal: PlacedLiteral): string => {
  switch (literal.type) {
    case 'string':
      return `the text ${JSON.stringify(literal.value.slice(0, 40))}`
    case 'number':
      return `the number ${literal.text}`
    case 'boolean':
      return String(literal.value)
    case 'null':
      return 'null'
  }
}

const mismatch = (field: string, type: ColumnType, literal: PlacedLiteral, hint?: string): never => {
  throw new QueryError(
    'query.type',
    `${field} is ${type.kind}: it is compared with ${WORDS[type.kind]}, not with ${shown(literal)}`,
    {
      place: literal.place,
      ...(hint === undefined ? {} : { hint }),
    },
  )
}

const numberOf = (literal: PlacedLiteral): TypedValue | undefined => {
  if (literal.type !== 'number') return undefined
  const value = parseDecimal(literal.text)
  return value === undefined ? undefined : { type: 'number', value }
}

/** `10:30` -> `10:30:00`, fraction without trailing zeros, as Postgres prints it. */
const timeOf = (text: string): string | undefined => {
  const match = /^(\d{2}:\d{2})(:\d{2})?(?:\.(\d{1,6}))?([+-]\d{2}(?::\d{2})?)?$/.exec(text)
  if (match === null) return undefined
  const fraction = (match[3] ?? '').replace(/0+$/, '')
  return `${match[1] ?? ''}${match[2] ?? ':00'}${fraction === '' ? '' : `.${fraction}`}${match[4] ?? ''}`
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i

/** The canonical text of a text-like literal, as documents hold it. */
const canonicalText = (kind: ColumnKind, text: string): string | undefined => {
  if (kind === 'uuid') return UUID.test(text) ? text.toLowerCase() : undefined
  if (kind === 'bytes') return /^\\x([\da-f]{2})*$/i.test(text) ? text.toLowerCase() : undefined
  if (kind === 'time') return timeOf(text)
  return text
}

const labelOf = (
  field: string,
  labels: readonly string[],
  literal: PlacedLiteral & { readonly type: 'string' },
): TypedValue => {
  if (labels.includes(literal.value)) return { type: 'text', value: literal.value }
  throw new QueryError(
    'query.type',
    `${field} has no value ${JSON.stringify(literal.value)}; it has ${labels.slice(0, 20).join(', ')}`,
    {
      place: literal.place,
      nearest: nearestNames(literal.value, labels),
    },
  )
}

const ofJson = (literal: PlacedLiteral): TypedValue | undefined => {
  if (literal.type === 'string') return { type: 'text', value: literal.value }
  if (literal.type === 'boolean') return { type: 'boolean', value: literal.value }
  return numberOf(literal)
}

/** Reads a literal for a field. Throws QueryError `query.type` that says what the field takes. */
export const typedValue = (field: string, type: ColumnType, literal: PlacedLiteral): TypedValue => {
  const { kind } = type
  if (literal.type === 'null')
    return mismatch(
      field,
      type,
      literal,
      'Nothing equals null in a list of values or a range; `is null` and `exists` ask for it.',
    )
  switch (kind) {
    case 'json':
      return ofJson(literal) ?? mismatch(field, type, literal)
    case 'boolean':
      return literal.type === 'boolean'
        ? { type: 'boolean', value: literal.value }
        : mismatch(field, type, literal)
    case 'int16':
    case 'int32':
    case 'int64':
    case 'float32':
    case 'float64':
    case 'decimal':
      return numberOf(literal) ?? mismatch(field, type, literal)
    case 'date':
    case 'timestamp':
    case 'timestamptz': {
      const value = literal.type === 'string' ? parseInstant(literal.value) : undefined
      return value === undefined ? mismatch(field, type, literal) : { type: 'instant', value }
    }
    case 'text':
    case 'uuid':
    case 'bytes':
    case 'time': {
      if (literal.type !== 'string') return mismatch(field, type, literal)
      if (type.labels !== undefined) return labelOf(field, type.labels, literal)
      const value = canonicalText(kind, literal.value)
      return value === undefined ? mismatch(field, type, literal) : { type: 'text', value }
    }
  }
}

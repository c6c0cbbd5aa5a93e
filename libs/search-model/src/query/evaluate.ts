import type { ColumnType } from '@headrace/wire'
import type { CompareOperator } from './ast.ts'
import { compareDecimals, parseDecimal, printDecimal } from './exact-decimal.ts'
import { parseInstant } from './instant.ts'
import type { FieldTest, Resolved, ResolvedField } from './resolve.ts'
import type { TypedValue } from './typed-value.ts'

type Truth = boolean | null
type Json = unknown

const not = (truth: Truth): Truth => (truth === null ? null : !truth)
const anyTrue = (truths: readonly Truth[]): Truth =>
  truths.includes(true) ? true : truths.includes(null) ? null : false
const allTrue = (truths: readonly Truth[]): Truth =>
  truths.includes(false) ? false : truths.includes(null) ? null : true

const member = (value: Json, name: string): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)[name]
    : undefined

const at = (value: Json, path: readonly string[]): Json => path.reduce(member, value)

/** Values that are not null, arrays opened. */
const flat = (value: Json): readonly Json[] =>
  Array.isArray(value) ? value.flatMap(flat) : value === null || value === undefined ? [] : [value]

const byOrder = (order: number, operator: CompareOperator): boolean => {
  switch (operator) {
    case '=':
      return order === 0
    case '!=':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

const numbers = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0)

const orderOfNumbers = (
  type: ColumnType,
  found: Json,
  wanted: Extract<TypedValue, { type: 'number' }>,
): number => {
  const right = Number(printDecimal(wanted.value))
  if (type.kind === 'float32') return numbers(Math.fround(Number(found)), Math.fround(right))
  if (type.kind === 'float64' || type.kind === 'json') return numbers(Number(found), right)
  const exact = parseDecimal(String(found))
  return exact === undefined ? Number.NaN : compareDecimals(exact, wanted.value)
}

const orderOfInstants = (found: string, wanted: Extract<TypedValue, { type: 'instant' }>): number => {
  const left = parseInstant(found)
  const rank = (value: typeof left): bigint | number =>
    value === undefined
      ? Number.NaN
      : 'micros' in value
        ? value.micros
        : value.infinite === 'infinity'
          ? Infinity
          : -Infinity
  const a = rank(left)
  const b = rank(wanted.value)
  return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN
}

/** Negative, 0, positive; NaN: not comparable. */
const orderOf = (type: ColumnType, found: Json, wanted: TypedValue): number => {
  switch (wanted.type) {
    case 'number':
      return orderOfNumbers(type, found, wanted)
    case 'instant':
      return orderOfInstants(String(found), wanted)
    case 'boolean':
      return found === wanted.value ? 0 : 1
    case 'text':
      if (type.labels !== undefined)
        return type.labels.indexOf(String(found)) - type.labels.indexOf(wanted.value)
      return Buffer.compare(Buffer.from(String(found)), Buffer.from(wanted.value))
  }
}

const TYPEOF = { number: 'number', boolean: 'boolean', text: 'string', instant: 'string' } as const

/** Leaves of JSON at a path; arrays on the way are opened. */
const leavesAt = (value: Json, keys: readonly string[]): readonly Json[] => {
  if (Array.isArray(value)) return value.flatMap(element => leavesAt(element, keys))
  const [head, ...rest] = keys
  if (head === undefined) return value === null || value === undefined ? [] : [value]
  return leavesAt(member(value, head), rest)
}

const compareAny = (
  found: readonly Json[],
  type: ColumnType,
  operator: CompareOperator,
  wanted: TypedValue,
): Truth => {
  const comparable =
    type.kind === 'json' ? found.filter(value => typeof value === TYPEOF[wanted.type]) : found
  if (comparable.length === 0) return null
  const positive = operator === '!=' ? '=' : operator
  const truth = comparable.some(value => byOrder(orderOf(type, value, wanted), positive))
  return operator === '!=' ? !truth : truth
}

const words = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []

const testValues = (found: readonly Json[], type: ColumnType, test: FieldTest): Truth => {
  switch (test.kind) {
    case 'exists':
      return found.length > 0
    case 'compare':
      return compareAny(found, type, test.operator, test.value)
    case 'in':
      return anyTrue(test.values.map(value => compareAny(found, type, '=', value)))
    case 'prefix':
    case 'match': {
      const texts = found.filter(value => typeof value === 'string')
      if (texts.length === 0) return null
      if (test.kind === 'prefix') return texts.some(text => text.startsWith(test.text))
      const all = texts.flatMap(words)
      return words(test.text).every(word => all.includes(word))
    }
  }
}

const evaluateField = (field: ResolvedField, test: FieldTest, document: Json): Truth => {
  switch (field.kind) {
    case 'value':
      return testValues(flat(at(document, field.path)), field.type, test)
    case 'json': {
      const value = at(document, field.path)
      const type = { kind: 'json', dimensions: 0 } as const
      if (test.kind === 'exists') return existsIn(value, field.keys)
      return testValues(leavesAt(value, field.keys), type, test)
    }
    case 'count': {
      const n = member(at(document, field.path), field.key) ?? 0
      if (test.kind === 'exists') return Number(n) > 0
      return testValues([n], { kind: 'int64', dimensions: 0 }, test)
    }
    case 'counts':
      return Object.keys(at(document, field.path) ?? {}).length > 0
    case 'object':
      return anyTrue(field.parts.map(part => evaluate(part, document)))
  }
}

/** JSON's null is absent; an empty object or array is there. */
const existsIn = (value: Json, keys: readonly string[]): boolean => {
  if (value === null || value === undefined) return false
  const [head, ...rest] = keys
  if (head === undefined) return true
  if (Array.isArray(value)) return value.some(element => existsIn(element, keys))
  return existsIn(member(value, head), rest)
}

/**
 * The meaning of a filter, in memory: true, false or null (unknown), as the same condition in SQL. The tests hold what
 * Elasticsearch finds against it. `document` is a parsed document.
 */
export const evaluate = (filter: Resolved, document: Json): Truth => {
  switch (filter.kind) {
    case 'and':
      return allTrue(filter.parts.map(part => evaluate(part, document)))
    case 'or':
      return anyTrue(filter.parts.map(part => evaluate(part, document)))
    case 'not':
      return not(evaluate(filter.part, document))
    case 'any': {
      const list = at(document, filter.path)
      const elements: readonly Json[] = Array.isArray(list) ? list : []
      const { part } = filter
      return part === undefined
        ? elements.length > 0
        : elements.some(element => evaluate(part, element) === true)
    }
    case 'test':
      return evaluateField(filter.field, filter.test, document)
  }
}

import type { ColumnType } from '@headrace/wire'
import { EXACT, MAX_TEXT, NUMBER } from '../mapping/index-names.ts'
import type { CompareOperator } from './ast.ts'
import { type Dsl, either, exists, NONE, noneOf, both, range, term } from './dsl.ts'
import { type ExactDecimal, floor, isWhole, printDecimal } from './exact-decimal.ts'
import { type Instant, type InstantKind, millisOf, printInstant } from './instant.ts'
import type { TypedValue } from './typed-value.ts'

export type Order = Exclude<CompareOperator, '!='>
const BOUND: Record<Exclude<Order, '='>, string> = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' }

const MAX_LONG = 2n ** 63n - 1n
const MIN_LONG = -(2n ** 63n)

/** Whole numbers, exactly: a bound with a fraction becomes the next whole one, a bound beyond 64 bits all or nothing. */
export const compareWhole = (field: string, operator: Order, value: ExactDecimal): Dsl => {
  const below = floor(value)
  if (operator === '=')
    return isWhole(value) && below >= MIN_LONG && below <= MAX_LONG ? term(field, below.toString()) : NONE
  const up = operator === '>' || operator === '>='
  if (below > MAX_LONG) return up ? NONE : exists(field)
  if (below < MIN_LONG) return up ? exists(field) : NONE
  if (isWhole(value)) return range(field, { [BOUND[operator]]: below.toString() })
  return range(field, up ? { gt: below.toString() } : { lte: below.toString() })
}

const LARGEST_FLOAT = 3.4028234663852886e38

const compareFloat = (field: string, operator: Order, value: ExactDecimal, single: boolean): Dsl => {
  const number = Number(printDecimal(value))
  const limit = single ? LARGEST_FLOAT : Number.MAX_VALUE
  if (Math.abs(number) > limit) {
    if (operator === '=') return NONE
    return operator.startsWith('>') === number < 0 ? exists(field) : NONE
  }
  const text = String(number)
  return operator === '=' ? term(field, text) : range(field, { [BOUND[operator]]: text })
}

const LARGEST_SCALE = 40

/** Every text a decimal of this value may have: 1.5, 1.50, 1.500 ... Equality is exact that way, at any size. */
const decimalTexts = (value: ExactDecimal): readonly string[] => {
  const text = printDecimal(value)
  const texts = [text]
  for (let scale = value.scale + 1; scale <= LARGEST_SCALE; scale++)
    texts.push(`${text}${value.scale === 0 ? '.' : ''}${'0'.repeat(scale - value.scale)}`)
  return texts
}

const millis = (value: bigint): Dsl => ({
  format: 'epoch_millis',
  gte: value.toString(),
  lte: value.toString(),
})

/**
 * Times order by the date field to the millisecond, and within one millisecond by their text, which orders as the times do.
 * The infinities are texts only.
 */
const compareInstant = (field: string, kind: InstantKind, operator: Order, value: Instant): Dsl => {
  const text = `${field}.${EXACT}`
  if ('infinite' in value) return compareInfinite(text, operator, value.infinite)
  const { micros } = value
  const base = millisOf(micros)
  const whole = kind === 'date' ? micros % 86_400_000_000n === 0n : true
  const shown = printInstant(kind, micros)
  if (operator === '=') return whole ? term(text, shown) : NONE
  const up = operator.startsWith('>')
  const infinite = term(text, up ? 'infinity' : '-infinity')
  const beyond = range(field, { format: 'epoch_millis', [up ? 'gt' : 'lt']: base.toString() })
  if (kind === 'date') {
    const inclusive = operator.length === 2
    return either(
      range(field, {
        format: 'epoch_millis',
        [BOUND[inclusive ? operator : up ? '>' : '<']]: base.toString(),
      }),
      infinite,
    )
  }
  // the other end of the millisecond keeps the walk over the texts short
  const other = up
    ? { lt: printInstant(kind, (base + 1n) * 1_000n) }
    : { gte: printInstant(kind, base * 1_000n) }
  const within = both(range(field, millis(base)), range(text, { [BOUND[operator]]: shown, ...other }))
  return either(beyond, within, infinite)
}

const compareInfinite = (text: string, operator: Order, infinite: 'infinity' | '-infinity'): Dsl => {
  const far = infinite === 'infinity' ? '>' : '<'
  if (operator === '=' || operator === `${far}=`) return term(text, infinite)
  if (operator === far) return NONE
  return operator.length === 2 ? exists(text) : both(exists(text), noneOf(term(text, infinite)))
}

const compareLabel = (field: string, labels: readonly string[], operator: Order, value: string): Dsl => {
  const at = labels.indexOf(value)
  const holds = (i: number): boolean =>
    operator === '<' ? i < at : operator === '<=' ? i <= at : operator === '>' ? i > at : i >= at
  const chosen = labels.filter((_, i) => holds(i))
  return chosen.length === 0 ? NONE : { terms: { [field]: chosen } }
}

const compareText = (field: string, type: ColumnType, operator: Order, value: string): Dsl => {
  if (operator === '=') return value.length > MAX_TEXT ? NONE : term(field, value)
  if (type.labels !== undefined) return compareLabel(field, type.labels, operator, value)
  return range(field, { [BOUND[operator]]: value })
}

/** True for documents (or list elements) in whose field some value meets the comparison. */
export const compareValue = (field: string, type: ColumnType, operator: Order, value: TypedValue): Dsl => {
  switch (value.type) {
    case 'boolean':
      return term(field, value.value)
    case 'text':
      return compareText(field, type, operator, value.value)
    case 'instant':
      return compareInstant(field, type.kind as InstantKind, operator, value.value)
    case 'number':
      if (type.kind === 'float32' || type.kind === 'float64')
        return compareFloat(field, operator, value.value, type.kind === 'float32')
      if (type.kind !== 'decimal') return compareWhole(field, operator, value.value)
      if (operator === '=') return { terms: { [field]: decimalTexts(value.value) } }
      return compareFloat(`${field}.${NUMBER}`, operator, value.value, false)
  }
}

/** The field that holds every value that is not null. */
export const presenceField = (field: string, type: ColumnType): string =>
  type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamptz'
    ? `${field}.${EXACT}`
    : field

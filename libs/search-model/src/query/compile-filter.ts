import { WORDS } from '../mapping/index-names.ts'
import type { CompareOperator } from './ast.ts'
import { compareLeaf, hasLeafOf, leafPrefix } from './compile-json.ts'
import { compareValue, compareWhole, presenceField } from './compile-value.ts'
import { both, type Dsl, either, exists, nested, noneOf, range, term, ALL } from './dsl.ts'
import { compareDecimals, type ExactDecimal } from './exact-decimal.ts'
import type { FieldTest, Resolved, ResolvedField } from './resolve.ts'
import type { TypedValue } from './typed-value.ts'

type FieldOf<K extends ResolvedField['kind']> = Extract<ResolvedField, { kind: K }>

const OPPOSITE: Record<CompareOperator, CompareOperator> = {
  '=': '!=',
  '!=': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
}

/**
 * SQL's three truth values need two queries: where the filter is true, and where it is false. What is in neither is unknown.
 * `not` swaps them, so a null never slips in through a negation.
 */
export const whereTrue = (filter: Resolved): Dsl => {
  switch (filter.kind) {
    case 'and':
      return { bool: { must: filter.parts.map(whereTrue) } }
    case 'or':
      return either(...filter.parts.map(whereTrue))
    case 'not':
      return whereFalse(filter.part)
    case 'any':
      return nested(filter.index, filter.part === undefined ? ALL : whereTrue(filter.part))
    case 'test':
      return testTrue(filter.field, filter.test)
  }
}

export const whereFalse = (filter: Resolved): Dsl => {
  switch (filter.kind) {
    case 'and':
      return either(...filter.parts.map(whereFalse))
    case 'or':
      return both(...filter.parts.map(whereFalse))
    case 'not':
      return whereTrue(filter.part)
    // "is there an element" is true or false, never unknown, as SQL's EXISTS
    case 'any':
      return noneOf(whereTrue(filter))
    case 'test':
      return testFalse(filter.field, filter.test)
  }
}

const testTrue = (field: ResolvedField, test: FieldTest): Dsl => {
  if (test.kind === 'compare' && test.operator === '!=' && field.kind !== 'count')
    return testFalse(field, { ...test, operator: '=' })
  switch (field.kind) {
    case 'value':
      return valueTrue(field, test)
    case 'json':
      return jsonTrue(field, test)
    case 'count':
      return countTrue(field, test)
    case 'counts':
      return nested(field.index, ALL)
    case 'object':
      return either(...field.parts.map(whereTrue))
  }
}

const testFalse = (field: ResolvedField, test: FieldTest): Dsl => {
  if (test.kind === 'exists') return noneOf(testTrue(field, test))
  if (test.kind === 'compare' && test.operator === '!=' && field.kind !== 'count')
    return testTrue(field, { ...test, operator: '=' })
  // a key that is not there counts zero: never unknown
  if (field.kind === 'count') return noneOf(countTrue(field, test))
  if (field.kind === 'json') return jsonFalse(field, test)
  const present = field.kind === 'value' ? presenceField(field.index, field.type) : field.index
  return both(exists(present), noneOf(testTrue(field, test)))
}

const valueTrue = (field: FieldOf<'value'>, test: FieldTest): Dsl => {
  switch (test.kind) {
    case 'exists':
      return exists(presenceField(field.index, field.type))
    case 'compare':
      return compareValue(field.index, field.type, test.operator === '!=' ? '=' : test.operator, test.value)
    case 'in':
      return either(...test.values.map(value => compareValue(field.index, field.type, '=', value)))
    case 'prefix':
      return { prefix: { [field.index]: { value: test.text } } }
    case 'match':
      return { match: { [`${field.index}.${WORDS}`]: { query: test.text, operator: 'and' } } }
  }
}

const jsonTrue = ({ index, key }: FieldOf<'json'>, test: FieldTest): Dsl => {
  const leaf = `${index}.${key}`
  switch (test.kind) {
    case 'exists':
      return exists(leaf)
    case 'compare':
      return compareLeaf(leaf, test.operator === '!=' ? '=' : test.operator, test.value)
    case 'in':
      return either(...test.values.map(value => compareLeaf(leaf, '=', value)))
    case 'prefix':
    case 'match':
      return leafPrefix(leaf, test.text)
  }
}

/** False needs a leaf of the type that is asked for; another type is as good as absent. */
const jsonFalse = (field: FieldOf<'json'>, test: FieldTest): Dsl => {
  const leaf = `${field.index}.${field.key}`
  const types: readonly TypedValue['type'][] =
    test.kind === 'compare'
      ? [test.value.type]
      : test.kind === 'in'
        ? [...new Set(test.values.map(value => value.type))]
        : ['text']
  return both(...types.map(type => hasLeafOf(leaf, type)), noneOf(jsonTrue(field, test)))
}

const holds = (n: ExactDecimal, operator: CompareOperator, value: ExactDecimal): boolean => {
  const order = compareDecimals(n, value)
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

const ZERO: ExactDecimal = { unscaled: 0n, scale: 0 }

const compareCount = (field: FieldOf<'count'>, operator: CompareOperator, value: ExactDecimal): Dsl => {
  // absent counts zero: when zero would do, ask that no entry says otherwise
  if (holds(ZERO, operator, value)) return noneOf(countEntry(field, OPPOSITE[operator], value))
  return countEntry(field, operator, value)
}

const countEntry = (
  { index, key }: FieldOf<'count'>,
  operator: CompareOperator,
  value: ExactDecimal,
): Dsl => {
  const n = `${index}.n`
  const compared = operator === '!=' ? noneOf(compareWhole(n, '=', value)) : compareWhole(n, operator, value)
  return nested(index, both(term(`${index}.key`, key), compared))
}

const countTrue = (field: FieldOf<'count'>, test: FieldTest): Dsl => {
  if (test.kind === 'compare' && test.value.type === 'number')
    return compareCount(field, test.operator, test.value.value)
  if (test.kind === 'in') {
    return either(
      ...test.values.map(value => compareCount(field, '=', value.type === 'number' ? value.value : ZERO)),
    )
  }
  return nested(
    field.index,
    both(term(`${field.index}.key`, field.key), range(`${field.index}.n`, { gt: 0 })),
  )
}

/** Whether hits have a rank: somewhere words are matched. */
export const ranks = (filter: Resolved): boolean => {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.some(ranks)
    case 'not':
      return false
    case 'any':
      return filter.part !== undefined && ranks(filter.part)
    case 'test':
      return filter.test.kind === 'match'
  }
}

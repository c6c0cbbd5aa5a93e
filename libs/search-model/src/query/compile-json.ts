import {
  booleanCode,
  COMPARABLE_TEXT_END,
  LEAF,
  LEAF_END,
  numericCode,
  textCode,
} from '../index-body/leaf-code.ts'
import { MAX_TEXT } from '../mapping/index-names.ts'
import type { Order } from './compile-value.ts'
import { type Dsl, NONE, range, term } from './dsl.ts'
import { printDecimal } from './exact-decimal.ts'
import type { TypedValue } from './typed-value.ts'

const codeOf = (value: TypedValue): string => {
  switch (value.type) {
    case 'text':
    case 'instant':
      return value.type === 'text' ? textCode(value.value) : ''
    case 'boolean':
      return booleanCode(value.value)
    case 'number':
      return numericCode(Number(printDecimal(value.value)))
  }
}

/** Codes of one type lie side by side, so a comparison is a range that ends where the type does (docs/decisions/0006). */
export const compareLeaf = (field: string, operator: Order, value: TypedValue): Dsl => {
  const code = codeOf(value)
  if (operator === '=')
    return value.type === 'text' && value.value.length >= MAX_TEXT ? NONE : term(field, code)
  const [first, end] =
    value.type === 'number' ? [LEAF.number, LEAF_END.number] : [LEAF.text, COMPARABLE_TEXT_END]
  if (operator === '<' || operator === '<=')
    return range(field, { gte: first, [operator === '<' ? 'lt' : 'lte']: code })
  return range(field, { [operator === '>' ? 'gt' : 'gte']: code, lt: end })
}

/** There is a leaf of the value's type. */
export const hasLeafOf = (field: string, type: TypedValue['type']): Dsl => {
  switch (type) {
    case 'number':
      return range(field, { gte: LEAF.number, lt: LEAF_END.number })
    case 'boolean':
      return range(field, { gte: LEAF.boolean, lt: LEAF_END.boolean })
    case 'text':
    case 'instant':
      return range(field, { gte: LEAF.text, lt: LEAF_END.text })
  }
}

export const leafPrefix = (field: string, text: string): Dsl => ({
  prefix: { [field]: { value: LEAF.text + text } },
})

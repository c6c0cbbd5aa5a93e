import { canonicalKeyText, type ColumnType } from '@headrace/wire'
import type { ContractField, FieldRule } from './contract.ts'
import type { DeadLetterCode } from './dead-letter-codes.ts'
import { compareDecimals, type Decimal, isMultipleOf, parseDecimal } from './decimals.ts'
import { formatCheck } from './formats.ts'
import { compilePattern } from './patterns.ts'

/** A rule of a field: whether a value's text (as Postgres prints it) holds it, and what to say when not. Never the value. */
export interface FieldCheck {
  readonly code: DeadLetterCode
  readonly rule: string
  readonly message: string
  holds(text: string): boolean
}

/** Longest text of a whole number that is exact as a JavaScript number. */
const SHORT = 15
const WHOLE = /^-?\d{1,15}$/

type Compare = (difference: number) => boolean

/** One bound. Plain whole numbers are compared as such; everything else exactly, digit by digit. */
const boundCheck = (bound: string, accept: Compare): ((text: string) => boolean) => {
  const exact = parseDecimal(bound)
  const short = WHOLE.test(bound) ? Number(bound) : undefined
  return text => {
    if (short !== undefined && text.length <= SHORT) {
      const value = Number(text)
      if (Number.isSafeInteger(value)) return accept(value - short)
    }
    const value = parseDecimal(text)
    if (value !== undefined && exact !== undefined) return accept(compareDecimals(value, exact))
    if (text === 'Infinity') return accept(1)
    return text === '-Infinity' && accept(-1)
  }
}

const rangeChecks = (name: string, rule: Extract<FieldRule, { rule: 'range' }>): readonly FieldCheck[] => {
  const bounds: readonly [string | undefined, string, Compare][] = [
    [rule.min, 'at least', difference => difference >= 0],
    [rule.max, 'at most', difference => difference <= 0],
    [rule.exclusiveMin, 'greater than', difference => difference > 0],
    [rule.exclusiveMax, 'less than', difference => difference < 0],
  ]
  return bounds.flatMap(([bound, words, accept]) =>
    bound === undefined
      ? []
      : [
          {
            code: 'contract.range' as const,
            rule: 'range',
            message: `${name} must be ${words} ${bound}`,
            holds: boundCheck(bound, accept),
          },
        ],
  )
}

const codePoints = (text: string): number => {
  let count = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0xd800 && unit < 0xdc00) count--
  }
  return count
}

const lengthCheck = (name: string, { min, max }: Extract<FieldRule, { rule: 'length' }>): FieldCheck => {
  const words = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ]
  return {
    code: 'contract.length',
    rule: 'length',
    message: `${name} must have ${words.join(' and ')} characters`,
    holds: text => {
      const length = codePoints(text)
      return length >= (min ?? 0) && length <= (max ?? Infinity)
    },
  }
}

/** Equal values, equal texts: numbers lose what does not change them, booleans are t and f. */
const canonical = ({ kind }: ColumnType, text: string): string => {
  if (kind === 'decimal') return canonicalKeyText('numeric', text)
  if (kind === 'boolean') return text === 'true' ? 't' : text === 'false' ? 'f' : text
  return text
}

const setCheck = (type: ColumnType, values: readonly string[]): ((text: string) => boolean) => {
  const set = new Set(values.map(value => canonical(type, value)))
  return type.kind === 'decimal' ? text => set.has(canonical(type, text)) : text => set.has(text)
}

const enumCheck = (name: string, type: ColumnType, values: readonly string[]): FieldCheck => ({
  code: 'contract.enum',
  rule: 'enum',
  message: `${name} is none of the ${values.length} values that the contract lists`,
  holds: setCheck(type, values),
})

const multipleCheck = (name: string, of: string): FieldCheck => {
  const unit = parseDecimal(of)
  return {
    code: 'contract.range',
    rule: 'multipleOf',
    message: `${name} must be a multiple of ${of}`,
    holds: text => {
      const value: Decimal | undefined = parseDecimal(text)
      return value !== undefined && unit !== undefined && isMultipleOf(value, unit)
    },
  }
}

const ruleChecks = (name: string, type: ColumnType, rule: FieldRule): readonly FieldCheck[] => {
  switch (rule.rule) {
    case 'enum':
      return [enumCheck(name, type, rule.values)]
    case 'missing': {
      const isMissing = setCheck(type, rule.values)
      const message = `${name} holds a text that stands for a missing value`
      return [{ code: 'contract.missing', rule: 'missingValues', message, holds: text => !isMissing(text) }]
    }
    case 'pattern': {
      const message = `${name} does not match the pattern ${rule.pattern}`
      return [{ code: 'contract.pattern', rule: 'pattern', message, holds: compilePattern(rule.pattern) }]
    }
    case 'length':
      return [lengthCheck(name, rule)]
    case 'range':
      return rangeChecks(name, rule)
    case 'multipleOf':
      return [multipleCheck(name, rule.of)]
    case 'format': {
      const message = `${name} is no ${rule.format}`
      return [{ code: 'contract.format', rule: 'format', message, holds: formatCheck(rule.format) }]
    }
  }
}

/** All rules of a field, in the order of the contract; the labels of an enum are one of them. */
export const fieldChecks = ({ name, type, rules }: ContractField): readonly FieldCheck[] => {
  const labels = type.labels === undefined || type.dimensions > 0 ? [] : [enumCheck(name, type, type.labels)]
  return [...labels, ...rules.flatMap(rule => ruleChecks(name, type, rule))]
}

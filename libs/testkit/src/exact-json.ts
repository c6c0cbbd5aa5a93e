import { isLosslessNumber, parse } from 'lossless-json'

/** A decimal number by its value, digits kept: 1.50 and 15e-1 are equal, 9007199254740993 and ...992 are not. */
export const canonicalNumber = (text: string): string => {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  if (digits === '') return '0'
  const significant = digits.replace(/0+$/, '')
  return `${sign}${significant}e${Number(exponent) - fraction.length + (digits.length - significant.length)}`
}

const write = (value: unknown): string => {
  if (isLosslessNumber(value)) return canonicalNumber(value.value)
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${fields.map(([name, item]) => `${JSON.stringify(name)}:${write(item)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

/** One text per JSON value: fields sorted, numbers by value with all their digits, no spaces. Equal texts = equal values. */
export const canonicalJson = (text: string): string => write(parseExactJson(text))

/** Parses and keeps numbers exact (LosslessNumber of lossless-json). Of a member given twice the last counts, as in JSON.parse. */
export const parseExactJson = (text: string): unknown =>
  parse(text, undefined, { onDuplicateKey: ({ newValue }) => newValue })

/** Text of an exactly parsed value, numbers as they were written. */
export const exactJsonText = (value: unknown): string => {
  if (isLosslessNumber(value)) return value.value
  if (Array.isArray(value)) return `[${value.map(exactJsonText).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([name, item]) => `${JSON.stringify(name)}:${exactJsonText(item)}`)
      .join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}

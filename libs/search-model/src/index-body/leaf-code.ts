import { MAX_TEXT } from '../mapping/index-names.ts'
import { numberCode } from './number-code.ts'

/**
 * How a leaf of free-form JSON stands in its flattened side field (docs/decisions/0006): a letter for its type, then a text that
 * orders as the values do. `u` is a text too long to be compared, `o` an object or array (so that `exists` holds for it).
 */
export const LEAF = { boolean: 'b', number: 'n', object: 'o', text: 's', longText: 'u' } as const

/** First code behind all codes of a type: texts and long texts are one type. */
export const LEAF_END = { boolean: 'c', number: 'o', text: 'v' } as const

/** First code behind all comparable texts. */
export const COMPARABLE_TEXT_END = 't'

/** Path of the JSON value itself; no other path begins so, since a Postgres text cannot hold it unescaped in a query either. */
export const ROOT_KEY = '\u0001'

/** Longest path that is indexed, in UTF-16 units. */
export const MAX_LEAF_PATH = 2_000

export const textCode = (text: string): string => (text.length < MAX_TEXT ? LEAF.text + text : LEAF.longText)
export const booleanCode = (value: boolean): string => LEAF.boolean + (value ? '1' : '0')
export const numericCode = (value: number): string => LEAF.number + numberCode(value)

import { MAX_KEY_BYTES } from '@headrace/wire'
import { type ColumnSql, printed } from './column-sql.ts'

/** Kinds whose texts may be empty or long: their keys are hashed then. */
const UNBOUNDED: ReadonlySet<string> = new Set(['text', 'decimal', 'bytes'])

const keyText = (column: ColumnSql): string =>
  column.type.kind === 'decimal' ? `concat(trim_scale(${column.sql}))` : printed(column)

/** The record key of a row (design 02 §2.3) as SQL: what recordKey makes of the primary key's canonical texts. */
export const documentKeySql = (primaryKey: readonly ColumnSql[]): string => {
  const texts = primaryKey.map(keyText)
  const text = texts.length === 1 ? texts[0]! : `to_json(array[${texts.join(', ')}])::text`
  if (!primaryKey.some(({ type }) => UNBOUNDED.has(type.kind) && type.labels === undefined)) return text
  const bytes = `convert_to(${text}, 'UTF8')`
  const hashed = `E'\\x01sha256:' || encode(sha256(${bytes}), 'hex')`
  return `case when octet_length(${bytes}) between 1 and ${MAX_KEY_BYTES} then ${text} else ${hashed} end`
}

const INTEGER_BITS: Readonly<Record<string, number>> = { int16: 16, int32: 32, int64: 64 }
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether Postgres certainly takes the text as a value of the type: any error would end the whole statement. */
const isValue = ({ kind }: ColumnSql['type'], text: string): boolean => {
  const bits = INTEGER_BITS[kind]
  if (bits !== undefined)
    return /^-?\d{1,19}$/.test(text) && BigInt.asIntN(bits, BigInt(text)) === BigInt(text)
  if (kind === 'uuid') return UUID.test(text)
  if (kind === 'decimal') return /^-?\d{1,1000}(\.\d{1,1000})?$/.test(text)
  if (kind === 'boolean') return text === 't' || text === 'f'
  return false
}

const textsOf = (key: string, columns: number): readonly string[] | undefined => {
  if (columns === 1) return [key]
  try {
    const texts: unknown = JSON.parse(key)
    const fits =
      Array.isArray(texts) && texts.length === columns && texts.every(each => typeof each === 'string')
    return fits ? (texts as readonly string[]) : undefined
  } catch {
    return undefined
  }
}

/**
 * One parameter per column of the primary key, so that its index finds the row. Undefined for keys that must be compared
 * as texts: hashed ones, and values of which it is not certain that Postgres takes them.
 */
export const keyParameters = (
  primaryKey: readonly ColumnSql[],
  key: string,
): readonly string[] | undefined => {
  if (key.includes('\u0000') || key.startsWith('\u0001')) return undefined
  const texts = textsOf(key, primaryKey.length)
  const plain = texts?.every((text, index) => {
    const { type } = primaryKey[index]!
    return type.kind === 'text' && type.labels === undefined ? !text.includes('\u0000') : isValue(type, text)
  })
  return plain === true ? texts : undefined
}

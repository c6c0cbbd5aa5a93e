import type { ColumnKind, ColumnType } from '../column-type.ts'
import { type ArrayElement, parseArrayText } from './array-text.ts'

/** What Postgres prints for numbers that JSON has no number for. */
const NOT_A_NUMBER = /^-?(NaN|Infinity)$/

export const quote = (text: string): string => JSON.stringify(text)

export const numberJson = (text: string): string => (NOT_A_NUMBER.test(text) ? `"${text}"` : text)

/** `2024-01-01 00:00:00+00 BC` as to_json prints it: `2024-01-01T00:00:00+00:00 BC`; infinity stays a word. */
const timestampJson = (text: string): string => {
  const joined = text.replace(' ', 'T').replace(/\+00(?=$| )/, '+00:00')
  return `"${text.startsWith('-inf') || text.startsWith('inf') ? text : joined}"`
}

/** The JSON text that to_json prints in a UTC session for a plain value, from the value's own text under our pinned sessions. */
export const scalarJson = (kind: ColumnKind, text: string): string => {
  switch (kind) {
    case 'boolean':
      return text === 't' ? 'true' : 'false'
    case 'int16':
    case 'int32':
    case 'int64':
      return text
    case 'float32':
    case 'float64':
    case 'decimal':
      return numberJson(text)
    case 'json':
      return text
    case 'timestamp':
    case 'timestamptz':
      return timestampJson(text)
    case 'text':
    case 'uuid':
    case 'bytes':
    case 'date':
    case 'time':
      return quote(text)
  }
}

const elementJson = (kind: ColumnKind, element: ArrayElement): string => {
  if (element === null) return 'null'
  if (typeof element === 'string') return scalarJson(kind, element)
  return `[${element.map(inner => elementJson(kind, inner)).join(',')}]`
}

/** The same for a value of any column type; undefined when the text is no array where one is due. */
export const jsonText = (type: ColumnType, text: string): string | undefined => {
  if (type.dimensions === 0) return scalarJson(type.kind, text)
  const elements = parseArrayText(text)
  return elements === undefined ? undefined : elementJson(type.kind, elements)
}

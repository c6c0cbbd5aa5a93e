import { createHash } from 'node:crypto'
import { SearchError } from './search-error.ts'

/** Where a page ended: the sort values of its last hit as JSON texts, and what was asked. */
interface Cursor {
  readonly v: 1
  readonly asked: string
  readonly after: readonly string[]
}

/** Names what a cursor belongs to: it cannot be used with another query or sort. */
export const fingerprint = (...parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16)

export const writeCursor = (asked: string, after: readonly string[]): string =>
  Buffer.from(JSON.stringify({ v: 1, asked, after } satisfies Cursor)).toString('base64url')

const invalid = (): never => {
  throw new SearchError(
    400,
    'search.cursor_invalid',
    'the cursor does not belong to this query and sort',
    [],
    'Send the same query and sort with it, or begin at the first page without a cursor.',
  )
}

/** A sort value is a number, a text, true, false or null: whatever else was put into a cursor does not reach Elasticsearch. */
const isSortValue = (text: unknown): text is string => {
  if (typeof text !== 'string') return false
  try {
    const value: unknown = JSON.parse(text)
    return value === null || typeof value !== 'object'
  } catch {
    return false
  }
}

export const readCursor = (text: string, asked: string): readonly string[] => {
  let cursor: Partial<Cursor> | null = null
  try {
    cursor = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<Cursor> | null
  } catch {
    return invalid()
  }
  const after = cursor?.after
  if (cursor?.v !== 1 || cursor.asked !== asked || !Array.isArray(after) || !after.every(isSortValue))
    return invalid()
  return after
}

import { createHash } from 'node:crypto'

/** Longest key text that is kept as it is, in bytes: Elasticsearch's limit for an `_id`. */
export const MAX_KEY_BYTES = 512

/** Begins every hashed key. No Postgres text can hold a zero byte, and 0x01 keeps clear of the markers' 0x00. */
const HASHED_PREFIX = '\u0001sha256:'

/**
 * Record key of a row (design 02 §2.3): the canonical text of its primary key; several columns as a JSON array of those
 * texts without spaces. An empty or too long text is replaced by its SHA-256 with a prefix.
 * `texts` are canonical already (see canonicalKeyText).
 */
export const recordKey = (texts: readonly string[]): string => {
  const [first] = texts
  const text = texts.length === 1 && first !== undefined ? first : JSON.stringify(texts)
  if (text.length > 0 && Buffer.byteLength(text) <= MAX_KEY_BYTES) return text
  return HASHED_PREFIX + createHash('sha256').update(text).digest('hex')
}

/** Key of a hop record: the parent's and the child's record keys as a JSON array without spaces, never hashed. */
export const hopKey = (parentKey: string, childKey: string): string => JSON.stringify([parentKey, childKey])

export const parseHopKey = (text: string): { readonly parentKey: string; readonly childKey: string } => {
  const [parentKey, childKey] = JSON.parse(text) as [string, string]
  return { parentKey, childKey }
}

/** What a key column's text has to be normalised by. Everything else is its own canonical text under our pinned sessions. */
export type KeyTextKind = 'text' | 'numeric'

/**
 * Canonical text of one key column: numerics lose what does not change their value (1.0 = 1.00 = 1),
 * because Postgres' equality is by value and ours is by text.
 */
export const canonicalKeyText = (kind: KeyTextKind, text: string): string => {
  if (kind === 'text' || !text.includes('.')) return text === '-0' && kind === 'numeric' ? '0' : text
  const trimmed = text.replace(/\.?0+$/, '')
  return trimmed === '-0' ? '0' : trimmed
}

/**
 * Names inside an index that belong to us, not to the view. `_x` holds index-only fields, at the root and in every list
 * element that needs them; it is excluded from `_source`. `_error` is all that a stub has.
 */
export const SIDE = '_x'
export const ERROR_FIELD = '_error'
/** Keyword copy of the document's key: sort tie-break (`_id` itself cannot be sorted by). */
export const KEY_FIELD = '_x.key'
/** Stored text of the document, only where `_source` would not keep its numbers (see index-body/survives.ts). */
export const VERBATIM_FIELD = '_x.verbatim'

/** Sub-fields of a value field. */
export const EXACT = 'exact'
export const NUMBER = 'number'
export const WORDS = 'words'

/**
 * Longest text that is indexed, in UTF-16 units. Lucene takes terms of at most 32,766 bytes, a unit has at most 3 bytes, and the
 * term of a flattened field holds the path too.
 */
export const MAX_TEXT = 8_191

/** Path of a field's side field within its scope: `annotations` + `metadata` -> `annotations._x.metadata`. */
export const sidePath = (scope: string, path: string): string =>
  scope === '' ? `${SIDE}.${path}` : `${scope}.${SIDE}.${path}`

export const joinPath = (scope: string, name: string): string => (scope === '' ? name : `${scope}.${name}`)

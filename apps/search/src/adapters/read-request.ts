import {
  type DocumentShape,
  type Expression,
  type Facet,
  type ParseLimits,
  parseQuery,
  parseTree,
  QueryError,
  resolveExpression,
  type SearchRequest,
  type SortKey,
} from '@headrace/search-model'
import { fingerprint, readCursor } from './cursor.ts'

export interface RequestLimits {
  readonly limits: ParseLimits
  readonly pageSize: number
  readonly timeoutMs: number
}

/** A search as it was asked for, checked. */
export interface Asked {
  readonly request: SearchRequest
  readonly fields: readonly string[] | undefined
  /** What a cursor of this search belongs to. */
  readonly fingerprint: string
}

type Members = Readonly<Record<string, unknown>>

const KNOWN = ['query', 'filter', 'sort', 'size', 'cursor', 'after', 'fields', 'total', 'facets']
const DEFAULT_SIZE = 20
const MOST_FACETS = 20
const MOST_SORT_KEYS = 8
const FACET_SIZE = 10
const LARGEST_FACET = 1_000

const refuse = (message: string, path: string): never => {
  throw new QueryError('query.syntax', message, { place: { path } })
}

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const optional = <T>(
  value: unknown,
  path: string,
  what: string,
  holds: (value: unknown) => value is T,
): T | undefined => {
  if (value === undefined || value === null) return undefined
  return holds(value) ? value : refuse(`"${path}" is ${what}`, path)
}

const isText = (value: unknown): value is string => typeof value === 'string'
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText)
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

const wholeOf = (value: unknown, path: string, from: number, to: number, fallback: number): number => {
  if (value === undefined || value === null) return fallback
  if (!Number.isInteger(value) || (value as number) < from)
    return refuse(`"${path}" is a whole number >= ${from}`, path)
  if ((value as number) > to)
    throw new QueryError('query.limit', `"${path}" is at most ${to}`, { place: { path } })
  return value as number
}

/** `["width", "-created_at"]`, or `{ "path": "width", "order": "desc" }`. */
const sortKey = (value: unknown, i: number): SortKey => {
  const path = `sort[${i}]`
  if (isText(value) && value !== '' && value !== '-')
    return value.startsWith('-')
      ? { path: value.slice(1), descending: true }
      : { path: value, descending: false }
  if (
    isObject(value) &&
    isText(value['path']) &&
    [undefined, 'asc', 'desc'].includes(value['order'] as string | undefined)
  ) {
    return { path: value['path'], descending: value['order'] === 'desc' }
  }
  return refuse('a sort key is "path", "-path" or {"path": "...", "order": "asc" | "desc"}', path)
}

const sortOf = (value: unknown): readonly SortKey[] => {
  const keys = optional(value, 'sort', 'a list of sort keys', isList) ?? []
  if (keys.length > MOST_SORT_KEYS)
    throw new QueryError('query.limit', `at most ${MOST_SORT_KEYS} sort keys`, { place: { path: 'sort' } })
  return keys.map(sortKey)
}

const facetOf = (value: unknown, i: number): Facet => {
  const path = `facets[${i}]`
  if (isText(value)) return { path: value, size: FACET_SIZE }
  if (!isObject(value) || !isText(value['path']))
    return refuse('a facet is "path" or {"path": "...", "size": 10}', path)
  return { path: value['path'], size: wholeOf(value['size'], `${path}.size`, 1, LARGEST_FACET, FACET_SIZE) }
}

const facetsOf = (value: unknown): readonly Facet[] => {
  const facets = optional(value, 'facets', 'a list of facets', isList) ?? []
  if (facets.length > MOST_FACETS)
    throw new QueryError('query.limit', `at most ${MOST_FACETS} facets`, { place: { path: 'facets' } })
  return facets.map(facetOf)
}

const filterOf = (body: Members, limits: ParseLimits): Expression | undefined => {
  const query = optional(body['query'], 'query', 'a text', isText)
  const parts = [
    ...(query === undefined || query.trim() === '' ? [] : [parseQuery(query, limits)]),
    ...(body['filter'] === undefined || body['filter'] === null ? [] : [parseTree(body['filter'], limits)]),
  ]
  return parts.length > 1 ? { kind: 'and', parts } : parts[0]
}

/** Reads and checks a search request. Throws QueryError (400) with the position of what is wrong; nothing of it is raw query DSL. */
export const readRequest = (
  shape: DocumentShape,
  given: unknown,
  { limits, pageSize, timeoutMs }: RequestLimits,
): Asked => {
  const body =
    given === undefined || given === null
      ? {}
      : isObject(given)
        ? given
        : refuse('the body is a JSON object', 'body')
  const other = Object.keys(body).find(name => !KNOWN.includes(name))
  if (other !== undefined)
    return refuse(
      `"${other}" has no meaning; a search takes ${KNOWN.filter(name => name !== 'after').join(', ')}`,
      other,
    )
  const expression = filterOf(body, limits)
  const sort = sortOf(body['sort'])
  const asked = fingerprint(shape.view, body['query'] ?? null, body['filter'] ?? null, sort)
  const cursor = optional(body['cursor'] ?? body['after'], 'cursor', 'the text of the page before', isText)
  const request: SearchRequest = {
    ...(expression === undefined ? {} : { filter: resolveExpression(shape, expression) }),
    sort,
    size: wholeOf(body['size'], 'size', 0, pageSize, Math.min(DEFAULT_SIZE, pageSize)),
    ...(cursor === undefined ? {} : { after: readCursor(cursor, asked) }),
    total: optional(body['total'], 'total', 'true or false', isFlag) ?? true,
    facets: facetsOf(body['facets']),
    timeoutMs,
  }
  return {
    request,
    fields: optional(body['fields'], 'fields', 'a list of names', isTexts),
    fingerprint: asked,
  }
}

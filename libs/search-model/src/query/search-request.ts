import type { DocumentShape } from '../document-shape.ts'
import { ERROR_FIELD, EXACT, KEY_FIELD, NUMBER, VERBATIM_FIELD, WORDS } from '../mapping/index-names.ts'
import type { FieldPath } from './ast.ts'
import { ranks, whereTrue } from './compile-filter.ts'
import { type Dsl, exists, term } from './dsl.ts'
import { type Facet, facetAggregations } from './facets.ts'
import { nearestNames } from './nearest-names.ts'
import { QueryError } from './query-error.ts'
import { type Resolved, type ResolvedField, resolveExpression } from './resolve.ts'

export interface SortKey {
  readonly path: string
  readonly descending: boolean
}

export interface SearchRequest {
  readonly filter?: Resolved
  readonly sort: readonly SortKey[]
  readonly size: number
  /** JSON texts of the sort values of the last hit of the page before. */
  readonly after?: readonly string[]
  readonly total: boolean
  readonly facets: readonly Facet[]
  readonly timeoutMs: number
}

export interface SearchBody {
  /** JSON text: sort values of `after` stand in it digit by digit. */
  readonly text: string
  readonly highlights: boolean
}

const unsortable = (path: FieldPath, why: string): never => {
  throw new QueryError('query.type', `${path.names.join('.')} cannot be sorted by: ${why}`, {
    place: path.place,
  })
}

const clauseOf = (field: ResolvedField, path: FieldPath, descending: boolean): Dsl => {
  const order = { order: descending ? 'desc' : 'asc', missing: '_last' }
  switch (field.kind) {
    case 'value':
      return { [sortField(field, path)]: order }
    case 'json':
      return { [`${field.index}.${field.key}`]: order }
    case 'count':
      return {
        [`${field.index}.n`]: {
          ...order,
          missing: 0,
          nested: { path: field.index, filter: term(`${field.index}.key`, field.key) },
        },
      }
    case 'counts':
    case 'object':
      return unsortable(path, 'it holds fields')
  }
}

const sortField = ({ index, type }: Extract<ResolvedField, { kind: 'value' }>, path: FieldPath): string => {
  if (type.dimensions > 0) unsortable(path, 'it has many values')
  if (type.kind === 'decimal') return `${index}.${NUMBER}`
  if (type.kind === 'date' || type.kind === 'timestamp' || type.kind === 'timestamptz')
    return `${index}.${EXACT}`
  return index
}

/** The field at a dotted path of the document. Throws QueryError when there is none or it stands in a list. */
export const resolveField = (
  shape: DocumentShape,
  text: string,
  place: FieldPath['place'],
): ResolvedField => {
  const path: FieldPath = { names: text.split('.'), place }
  const resolved = resolveExpression(shape, { kind: 'exists', path })
  return resolved.kind === 'test' ? resolved.field : unsortable(path, 'it stands in a list')
}

/** The i-th part of an order: a query body under the name of the field that it looks at. */
export const sortClause = (shape: DocumentShape, { path, descending }: SortKey, i: number): Dsl => {
  const place = { path: `sort[${i}]` }
  return clauseOf(resolveField(shape, path, place), { names: path.split('.'), place }, descending)
}

const sortOf = (shape: DocumentShape, request: SearchRequest, ranked: boolean): readonly Dsl[] => {
  const keys = request.sort.map((key, i) => sortClause(shape, key, i))
  if (keys.length === 0 && ranked) keys.push({ _score: { order: 'desc' } })
  // the key makes the order whole: pages neither repeat nor leave out a document
  return [...keys, { [KEY_FIELD]: { order: 'asc' } }]
}

const highlightOf = (filter: Resolved | undefined): Dsl | undefined => {
  const fields: Record<string, Dsl> = {}
  const walk = (node: Resolved): void => {
    if (node.kind === 'and' || node.kind === 'or') node.parts.forEach(walk)
    if (node.kind === 'test' && node.test.kind === 'match') fields[`${node.field.index}.${WORDS}`] = {}
  }
  if (filter !== undefined) walk(filter)
  return Object.keys(fields).length === 0
    ? undefined
    : { fields, encoder: 'html', pre_tags: ['<em>'], post_tags: ['</em>'] }
}

/** Request body for one page of hits. Stubs of documents that could not be made are never hits. */
export const buildSearch = (shape: DocumentShape, request: SearchRequest): SearchBody => {
  const { filter, facets, after, size, total, timeoutMs } = request
  const ranked = filter !== undefined && ranks(filter)
  const clause =
    filter === undefined ? {} : ranked ? { must: [whereTrue(filter)] } : { filter: [whereTrue(filter)] }
  const highlight = highlightOf(filter)
  const body = {
    query: { bool: { ...clause, must_not: [exists(ERROR_FIELD)] } },
    size,
    sort: sortOf(shape, request, ranked),
    track_total_hits: total,
    track_scores: ranked,
    version: true,
    _source: true,
    stored_fields: [VERBATIM_FIELD],
    timeout: `${timeoutMs}ms`,
    ...(highlight === undefined ? {} : { highlight }),
    ...(facets.length === 0 ? {} : { aggs: facetAggregations(shape, facets) }),
  }
  const text = JSON.stringify(body)
  const paged = after === undefined ? text : `${text.slice(0, -1)},"search_after":[${after.join(',')}]}`
  return { text: paged, highlights: highlight !== undefined }
}

/** The names of fields to show must be top-level fields of the view. */
export const checkProjection = (shape: DocumentShape, fields: readonly string[]): ReadonlySet<string> => {
  const known = shape.fields.map(({ name }) => name)
  for (const [i, name] of fields.entries()) {
    if (known.includes(name)) continue
    throw new QueryError('query.unknown_field', `the view has no top-level field ${name}`, {
      place: { path: `fields[${i}]` },
      nearest: nearestNames(name, known),
    })
  }
  return new Set(fields)
}

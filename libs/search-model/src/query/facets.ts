import type { DocumentShape } from '../document-shape.ts'
import { LEAF } from '../index-body/leaf-code.ts'
import { numberOfCode } from '../index-body/number-code.ts'
import { EXACT } from '../mapping/index-names.ts'
import type { Dsl } from './dsl.ts'
import { QueryError } from './query-error.ts'
import { type Resolved, type ResolvedField, resolveExpression } from './resolve.ts'

/** Counts of documents by value of a field, the most frequent first. */
export interface Facet {
  readonly path: string
  readonly size: number
}

export interface FacetValue {
  readonly value: string | number | boolean
  /** Documents that have the value (in some element, for a field in a list). */
  readonly count: number
}

const notCountable = (path: string, i: number, why: string): never => {
  throw new QueryError('query.type', `${path} has no facets: ${why}`, {
    place: { path: `facets[${i}].path` },
  })
}

const fieldOfFacet = (field: ResolvedField, path: string, i: number): string => {
  if (field.kind === 'json') return `${field.index}.${field.key}`
  if (field.kind === 'counts') return `${field.index}.key`
  if (field.kind !== 'value') return notCountable(path, i, 'it holds fields')
  if (
    field.type.kind === 'decimal' ||
    field.type.kind.startsWith('float') ||
    field.type.kind.startsWith('timestamp')
  ) {
    return notCountable(path, i, `its values (${field.type.kind}) are too many to count one by one`)
  }
  return field.type.kind === 'date' ? `${field.index}.${EXACT}` : field.index
}

interface Place {
  /** Nested paths around the field. */
  readonly lists: readonly string[]
  /** Path in the index. */
  readonly field: string
}

const placeOf = (resolved: Resolved, path: string, i: number): Place => {
  if (resolved.kind === 'test') {
    const inside = resolved.field.kind === 'counts' ? [resolved.field.index] : []
    return { lists: inside, field: fieldOfFacet(resolved.field, path, i) }
  }
  if (resolved.kind !== 'any' || resolved.part === undefined) return notCountable(path, i, 'it is a list')
  const inner = placeOf(resolved.part, path, i)
  return { lists: [resolved.index, ...inner.lists], field: inner.field }
}

/** Where the values of a facet are. */
export const facetField = (shape: DocumentShape, { path }: Facet, i: number): Place => {
  const place = { path: `facets[${i}].path` }
  const resolved = resolveExpression(shape, { kind: 'exists', path: { names: path.split('.'), place } })
  return placeOf(resolved, path, i)
}

const facetOf = (shape: DocumentShape, facet: Facet, i: number): Dsl => {
  const { lists, field } = facetField(shape, facet, i)
  const terms: Dsl = {
    terms: { field, size: facet.size },
    ...(lists.length === 0 ? {} : { aggs: { documents: { reverse_nested: {} } } }),
  }
  const innermost = lists.at(-1)
  return innermost === undefined ? terms : { nested: { path: innermost }, aggs: { values: terms } }
}

/** Aggregations named f0, f1 ... in the order of the facets. */
export const facetAggregations = (shape: DocumentShape, facets: readonly Facet[]): Dsl =>
  Object.fromEntries(facets.map((facet, i) => [`f${i}`, facetOf(shape, facet, i)]))

interface Bucket {
  readonly key: string | number
  readonly key_as_string?: string
  readonly doc_count: number
  readonly documents?: { readonly doc_count: number }
}

const decodeLeaf = (code: string): string | number | boolean | undefined => {
  const rest = code.slice(1)
  switch (code[0]) {
    case LEAF.text:
      return rest
    case LEAF.boolean:
      return rest === '1'
    case LEAF.number:
      return numberOfCode(rest)
    default:
      return undefined
  }
}

const isJson = (resolved: Resolved): boolean =>
  resolved.kind === 'test'
    ? resolved.field.kind === 'json'
    : resolved.kind === 'any' && resolved.part !== undefined && isJson(resolved.part)

const readBucket = (bucket: Bucket, json: boolean): FacetValue | undefined => {
  const plain =
    bucket.key_as_string === 'true' || bucket.key_as_string === 'false'
      ? bucket.key_as_string === 'true'
      : bucket.key
  const value = json ? decodeLeaf(String(bucket.key)) : plain
  return value === undefined ? undefined : { value, count: bucket.documents?.doc_count ?? bucket.doc_count }
}

/** Reads the answer to `facetAggregations`. */
export const readFacets = (
  shape: DocumentShape,
  facets: readonly Facet[],
  answer: Readonly<Record<string, unknown>>,
): Readonly<Record<string, readonly FacetValue[]>> =>
  Object.fromEntries(
    facets.map(({ path }, i) => {
      const found = answer[`f${i}`] as {
        readonly buckets?: readonly Bucket[]
        readonly values?: { readonly buckets: readonly Bucket[] }
      }
      const json = isJson(
        resolveExpression(shape, { kind: 'exists', path: { names: path.split('.'), place: { path } } }),
      )
      const buckets = found.values?.buckets ?? found.buckets ?? []
      return [path, buckets.map(bucket => readBucket(bucket, json)).filter(value => value !== undefined)]
    }),
  )

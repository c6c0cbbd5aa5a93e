import type { DocumentShape } from '../document-shape.ts'
import { joinPath } from '../mapping/index-names.ts'
import { whereFalse, whereTrue } from './compile-filter.ts'
import { fieldsOf } from './dsl.ts'
import { facetField } from './facets.ts'
import type { Resolved } from './resolve.ts'
import { type SearchRequest, sortClause } from './search-request.ts'

/** Document path -> the paths in the index that a request looks at for it. */
type IndexPaths = ReadonlyMap<string, readonly string[]>

/** Read from the very queries that are sent, so that both never drift apart. */
const filterPaths = (filter: Resolved): IndexPaths => {
  const paths = new Map<string, readonly string[]>()
  const note = (path: string, fields: readonly string[]): void => {
    paths.set(path, [...(paths.get(path) ?? []), ...fields])
  }
  const walk = (node: Resolved, scope: string): void => {
    switch (node.kind) {
      case 'and':
      case 'or':
        return node.parts.forEach(part => walk(part, scope))
      case 'not':
        return walk(node.part, scope)
      case 'any': {
        const list = joinPath(scope, node.path.join('.'))
        note(list, [node.index])
        return node.part === undefined ? undefined : walk(node.part, list)
      }
      case 'test':
        if (node.field.kind === 'object') return node.field.parts.forEach(part => walk(part, scope))
        // somewhere around it may stand a negation
        note(
          joinPath(scope, node.field.path.join('.')),
          [whereTrue(node), whereFalse(node)].flatMap(fieldsOf),
        )
    }
  }
  walk(filter, '')
  return paths
}

/** A field cannot be looked at where it, or something around it, differs. */
const isAmong = (differing: ReadonlySet<string>, field: string): boolean =>
  field.split('.').some((_, last, names) => differing.has(names.slice(0, last + 1).join('.')))

/** Fields of a request, by its filter, its order and its facets, that cannot be looked at in an index that lacks `differing`. */
export const missingFields = (
  shape: DocumentShape,
  { filter, sort, facets }: SearchRequest,
  differing: ReadonlySet<string>,
): readonly string[] => {
  const looked = [
    ...(filter === undefined ? [] : filterPaths(filter)),
    ...sort.map((key, i) => [key.path, Object.keys(sortClause(shape, key, i))] as const),
    ...facets.map((facet, i) => [facet.path, [facetField(shape, facet, i).field]] as const),
  ]
  const missing = looked.filter(([, fields]) => fields.some(field => isAmong(differing, field)))
  return [...new Set(missing.map(([path]) => path))]
}

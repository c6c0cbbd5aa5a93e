import type { DocumentShape } from '../document-shape.ts'
import { type Resolved, resolveExpression } from './resolve.ts'
import type { SearchRequest } from './search-request.ts'

/** Document path -> the paths in the index that a request looks at for it. */
export type IndexPaths = ReadonlyMap<string, ReadonlySet<string>>

/** What a request looks at: by its filter, its order and its facets. */
export const indexPaths = (shape: DocumentShape, { filter, sort, facets }: SearchRequest): IndexPaths => {
  const paths = new Map<string, Set<string>>()
  const note = (names: readonly string[], index: string): void => {
    const path = names.join('.')
    paths.set(path, (paths.get(path) ?? new Set()).add(index))
  }
  const walk = (node: Resolved, outer: readonly string[]): void => {
    switch (node.kind) {
      case 'and':
      case 'or':
        return node.parts.forEach(part => walk(part, outer))
      case 'not':
        return walk(node.part, outer)
      case 'any':
        note([...outer, ...node.path], node.index)
        return node.part === undefined ? undefined : walk(node.part, [...outer, ...node.path])
      case 'test':
        note([...outer, ...node.field.path], node.field.index)
        if (node.field.kind === 'object') for (const part of node.field.parts) walk(part, outer)
    }
  }
  if (filter !== undefined) walk(filter, [])
  for (const { path } of [...sort, ...facets])
    walk(resolveExpression(shape, { kind: 'exists', path: { names: path.split('.'), place: { path } } }), [])
  return paths
}

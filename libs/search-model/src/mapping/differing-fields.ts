import type { MappingNode } from './build-mapping.ts'

const kindsOf = (node: MappingNode, path: string, into: Map<string, string>): Map<string, string> => {
  for (const group of ['properties', 'fields'] as const) {
    for (const [name, child] of Object.entries((node[group] ?? {}) as Record<string, MappingNode>)) {
      const childPath = path === '' ? name : `${path}.${name}`
      into.set(childPath, String(child['type'] ?? 'object'))
      kindsOf(child, childPath, into)
    }
  }
  return into
}

/** Paths in the index that a mapping has and another one has not, or has with another type. */
export const differingFields = (wanted: MappingNode, found: MappingNode): ReadonlySet<string> => {
  const there = kindsOf(found, '', new Map())
  const differing = [...kindsOf(wanted, '', new Map())].filter(([path, kind]) => there.get(path) !== kind)
  return new Set(differing.map(([path]) => path))
}

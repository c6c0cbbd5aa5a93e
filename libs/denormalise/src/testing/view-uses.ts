import type { NodeDefinition, ViewDefinition } from '../view-definition.ts'

/** How many views used something, by its name. */
export type Uses = Record<string, number>

const NAMES = [
  'list of level 1',
  'list of level 2',
  'list of level 3',
  'reference of the root',
  'reference in a list of level 1',
  'reference in a list of level 2',
  'flattened reference',
  'reference to its own dataset',
  'list of its own dataset',
  'composite key',
  'where null',
  'where not_null',
  'where in',
  'descending order',
  'limit truncate',
  'limit countOnly',
  'limit fail',
  'aggregate count',
  'aggregate countBy',
  'aggregate sum',
  'aggregate min',
  'aggregate max',
  'aggregate distinct',
  'aggregate over a filtered list',
] as const

type Use = (typeof NAMES)[number]

const ofNode = (node: NodeDefinition, level: number, add: (use: string) => void): void => {
  if (node.primaryKey.length > 1) add('composite key')
  for (const { node: to, flatten } of node.references) {
    add(level === 0 ? 'reference of the root' : `reference in a list of level ${level}`)
    if (flatten) add('flattened reference')
    if (to.dataset === node.dataset) add('reference to its own dataset')
  }
  for (const { node: child, where, orderBy, limit, overflow } of node.lists) {
    add(`list of level ${level + 1}`)
    if (child.dataset === node.dataset) add('list of its own dataset')
    for (const { is } of where) add(`where ${is}`)
    if (orderBy.some(each => each.descending)) add('descending order')
    if (limit !== undefined) add(`limit ${overflow}`)
    ofNode(child, level + 1, add)
  }
}

/** Adds what a view uses; what was never used stands there with 0. */
export const countUses = ({ root, aggregates }: ViewDefinition, uses: Uses): void => {
  for (const name of NAMES) uses[name] ??= 0
  const used = new Set<string>()
  ofNode(root, 0, use => used.add(use))
  for (const { function: name, list } of aggregates) {
    used.add(`aggregate ${name}`)
    if (root.lists.some(each => each.name === list && each.where.length > 0))
      used.add('aggregate over a filtered list')
  }
  for (const use of used) if (NAMES.includes(use as Use)) uses[use]! += 1
}

import type { ListDefinition, NodeDefinition, ReferenceDefinition } from '@headrace/denormalise'
import type { ListDeclaration, ReferenceDeclaration } from '../declarations/view-file.ts'
import type { YamlPath } from '../yaml/yaml-file.ts'
import { buildOrder, buildWhere } from './conditions.ts'
import { checkNames, type NodeParts } from './document-names.ts'
import { checkJoin } from './joins.ts'
import type { ViewDataset, ViewScope } from './view-scope.ts'

/** A dataset's place in the tree with everything below it. */
export const buildNode = (
  scope: ViewScope,
  dataset: ViewDataset,
  parts: NodeParts,
  path: YamlPath,
): NodeDefinition => {
  const lists = Object.entries(parts.lists ?? {}).flatMap(([name, list]) =>
    buildList(scope, dataset, name, list, [...path, 'lists', name]),
  )
  const references = Object.entries(parts.one ?? {}).flatMap(([name, reference]) =>
    buildReference(scope, dataset, name, reference, [...path, 'one', name]),
  )
  const node: NodeDefinition = {
    dataset: dataset.name,
    primaryKey: dataset.primaryKey,
    columns: dataset.columns,
    fields: scope.fields(dataset, parts.fields, [...path, 'fields']),
    lists,
    references,
  }
  checkNames(scope, parts, path)
  return node
}

const buildReference = (
  scope: ViewScope,
  from: ViewDataset,
  name: string,
  declared: ReferenceDeclaration,
  path: YamlPath,
): readonly ReferenceDefinition[] => {
  const to = scope.dataset(declared.from, [...path, 'from'])
  const pairs = Object.entries(declared.on).flatMap(([key, reference]) => {
    const known = scope.columnAtKey(to, key, [...path, 'on'])
    return scope.column(from, reference, [...path, 'on', key]) && known ? [{ key, reference }] : []
  })
  const ordered = checkJoin(scope, { from, to, pairs, declared: declared.on, path: [...path, 'on'] })
  const node = buildNode(scope, to, { fields: declared.fields }, path)
  const on = ordered.map(pair => ({ column: pair.reference, key: pair.key }))
  return [{ name, node, on, flatten: declared.flatten }]
}

const PARTS = ['fields', 'one', 'lists'] as const

const isEmpty = (parts: NodeParts): boolean =>
  PARTS.every(part => Object.keys(parts[part] ?? {}).length === 0)

const buildList = (
  scope: ViewScope,
  parent: ViewDataset,
  name: string,
  declared: ListDeclaration,
  path: YamlPath,
): readonly ListDefinition[] => {
  const child = scope.dataset(declared.from, [...path, 'from'])
  const pairs = Object.entries(declared.on).flatMap(([reference, key]) => {
    const known = scope.columnAtKey(child, reference, [...path, 'on'])
    return scope.column(parent, key, [...path, 'on', reference]) && known ? [{ key, reference }] : []
  })
  const ordered = checkJoin(scope, {
    from: child,
    to: parent,
    pairs,
    declared: declared.on,
    path: [...path, 'on'],
  })
  if (isEmpty(declared) && !PARTS.some(part => scope.doubts.within([...path, part]))) {
    const message = `list "${name}" shows nothing: it needs fields, one or lists`
    scope.problemAtKey(path.slice(0, -1), name, message)
  }
  const limit = declared.limit ?? scope.defaults.limit
  return [
    {
      name,
      node: buildNode(scope, child, declared, path),
      on: ordered.map(pair => ({ child: pair.reference, parent: pair.key })),
      where: buildWhere(scope, child, declared.where ?? {}, [...path, 'where']),
      orderBy: buildOrder(scope, child, declared.orderBy ?? [], [...path, 'orderBy']),
      ...(limit === undefined ? {} : { limit }),
      overflow: declared.overflow ?? scope.defaults.overflow ?? 'truncate',
    },
  ]
}

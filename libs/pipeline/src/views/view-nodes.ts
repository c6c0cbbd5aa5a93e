import type { Condition, ListDefinition, NodeDefinition, ReferenceDefinition } from '@headrace/denormalise'
import type { ColumnType } from '@headrace/wire'
import type {
  ConditionDeclaration,
  ListDeclaration,
  ReferenceDeclaration,
} from '../declarations/view-file.ts'
import type { YamlPath } from '../yaml/yaml-file.ts'
import { checkJoin } from './joins.ts'
import type { ViewDataset, ViewScope } from './view-scope.ts'

interface NodeParts {
  readonly fields?: NodeDefinition['fields']
  readonly one?: Readonly<Record<string, ReferenceDeclaration>> | undefined
  readonly lists?: Readonly<Record<string, ListDeclaration>> | undefined
}

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
    fields: parts.fields ?? [],
    lists,
    references,
  }
  checkNames(scope, node, path)
  return node
}

/** Names that a node puts into its object, each with the key it was declared under. */
const namesOf = (node: NodeDefinition): readonly { readonly name: string; readonly under: string }[] => [
  ...node.fields.map(({ as }) => ({ name: as, under: 'fields' })),
  ...node.references.flatMap(({ name, flatten, node: { fields } }) =>
    flatten ? fields.map(({ as }) => ({ name: as, under: 'one' })) : [{ name, under: 'one' }],
  ),
  ...node.lists.map(({ name }) => ({ name, under: 'lists' })),
]

const checkNames = (scope: ViewScope, node: NodeDefinition, path: YamlPath): void => {
  const seen = new Map<string, string>()
  for (const { name, under } of namesOf(node)) {
    const before = seen.get(name)
    if (before !== undefined && !(before === 'fields' && under === 'fields')) {
      scope.problem([...path, under], `"${name}" is a name in "${before}" and again in "${under}"`)
    }
    seen.set(name, under)
  }
}

const buildReference = (
  scope: ViewScope,
  from: ViewDataset,
  name: string,
  declared: ReferenceDeclaration,
  path: YamlPath,
): readonly ReferenceDefinition[] => {
  const to = scope.dataset(declared.from, [...path, 'from'])
  if (to === undefined) return []
  const pairs = Object.entries(declared.on).flatMap(([key, reference]) => {
    const known = scope.columnAtKey(to, key, [...path, 'on'])
    return scope.column(from, reference, [...path, 'on', key]) && known ? [{ key, reference }] : []
  })
  const ordered = checkJoin(scope, { from, to, pairs, path: [...path, 'on'] })
  const fields = scope.fields(to, declared.fields, [...path, 'fields'])
  const node = buildNode(scope, to, { fields }, path)
  const on = ordered.map(pair => ({ column: pair.reference, key: pair.key }))
  return [{ name, node, on, flatten: declared.flatten }]
}

const ORDER = /^([A-Za-z_]\w*)(?:\s+(asc|desc))?$/

const buildOrder = (
  scope: ViewScope,
  dataset: ViewDataset,
  declared: readonly string[],
  path: YamlPath,
): ListDefinition['orderBy'] =>
  declared.flatMap((text, index) => {
    const at = [...path, index]
    const match = ORDER.exec(text)
    if (match?.[1] === undefined) {
      scope.problem(at, `"${text}" is no order: a field, with " desc" behind it for the reverse`)
      return []
    }
    const type = scope.column(dataset, match[1], at)
    if (type === undefined) return []
    if (type.kind === 'json' || type.dimensions > 0) {
      scope.problem(at, `"${match[1]}" has no order (${type.dimensions > 0 ? 'an array' : 'JSON'})`)
      return []
    }
    return [{ column: match[1], descending: match[2] === 'desc' }]
  })

/** Kinds whose equal values print equal texts, so that `in` is exact. */
const COMPARABLE: readonly ColumnType['kind'][] = [
  'boolean',
  'int16',
  'int32',
  'int64',
  'text',
  'uuid',
  'date',
]

/** A value of a condition as the column prints it. */
const conditionText = (type: ColumnType, value: string | number | boolean): string | undefined => {
  if (type.kind === 'boolean') return typeof value === 'boolean' ? String(value) : undefined
  if (type.kind.startsWith('int')) return Number.isSafeInteger(value) ? String(value) : undefined
  return typeof value === 'string' ? value : undefined
}

const buildCondition = (
  scope: ViewScope,
  column: string,
  type: ColumnType,
  declared: ConditionDeclaration,
  path: YamlPath,
): readonly Condition[] => {
  if (declared === null) return [{ column, is: 'null' }]
  if (typeof declared === 'object' && !Array.isArray(declared)) return [{ column, is: 'not_null' }]
  if (!COMPARABLE.includes(type.kind) || type.dimensions > 0) {
    scope.problem(path, `"${column}" can only be compared with null or { not: null }`)
    return []
  }
  const values = (Array.isArray(declared) ? declared : [declared]).map(value => conditionText(type, value))
  if (values.some(value => value === undefined)) {
    scope.problem(path, `a value does not fit "${column}" (${type.kind})`)
    return []
  }
  return [{ column, is: 'in', values: values.filter(value => value !== undefined) }]
}

const buildWhere = (
  scope: ViewScope,
  dataset: ViewDataset,
  declared: Readonly<Record<string, ConditionDeclaration>>,
  path: YamlPath,
): readonly Condition[] =>
  Object.entries(declared).flatMap(([column, condition]) => {
    const type = scope.columnAtKey(dataset, column, path)
    return type === undefined ? [] : buildCondition(scope, column, type, condition, [...path, column])
  })

const buildList = (
  scope: ViewScope,
  parent: ViewDataset,
  name: string,
  declared: ListDeclaration,
  path: YamlPath,
): readonly ListDefinition[] => {
  const child = scope.dataset(declared.from, [...path, 'from'])
  if (child === undefined) return []
  const pairs = Object.entries(declared.on).flatMap(([reference, key]) => {
    const known = scope.columnAtKey(child, reference, [...path, 'on'])
    return scope.column(parent, key, [...path, 'on', reference]) && known ? [{ key, reference }] : []
  })
  const ordered = checkJoin(scope, { from: child, to: parent, pairs, path: [...path, 'on'] })
  const fields = scope.fields(child, declared.fields, [...path, 'fields'])
  const limit = declared.limit ?? scope.defaults.limit
  return [
    {
      name,
      node: buildNode(scope, child, { fields, one: declared.one, lists: declared.lists }, path),
      on: ordered.map(pair => ({ child: pair.reference, parent: pair.key })),
      where: buildWhere(scope, child, declared.where ?? {}, [...path, 'where']),
      orderBy: buildOrder(scope, child, declared.orderBy ?? [], [...path, 'orderBy']),
      ...(limit === undefined ? {} : { limit }),
      overflow: declared.overflow ?? scope.defaults.overflow ?? 'truncate',
    },
  ]
}

import type { AggregateDefinition, ListDefinition, NodeDefinition } from '@headrace/denormalise'
import type { ColumnType } from '@headrace/wire'
import type { AggregateDeclaration } from '../declarations/view-file.ts'
import { suggestion } from '../yaml/nearest.ts'
import type { YamlPath } from '../yaml/yaml-file.ts'
import type { ViewScope } from './view-scope.ts'

const FUNCTIONS = ['count', 'countBy', 'sum', 'min', 'max', 'distinct'] as const
type AggregateFunction = (typeof FUNCTIONS)[number]

const isNumber = ({ kind }: ColumnType): boolean => /^(int|float|decimal)/.test(kind)

/** Why a column cannot be aggregated that way. */
const misfit = (name: AggregateFunction, type: ColumnType): string | undefined => {
  if (type.dimensions > 0 || type.kind === 'json') return 'arrays and JSON cannot be aggregated'
  if (name === 'sum' && !isNumber(type)) return 'only numbers can be summed'
  return undefined
}

const findList = (
  scope: ViewScope,
  root: NodeDefinition,
  name: string,
  path: YamlPath,
): ListDefinition | undefined => {
  const list = root.lists.find(each => each.name === name)
  if (list === undefined) {
    const names = root.lists.map(each => each.name)
    scope.problem(path, `the view has no list "${name}".${suggestion(name, names)}`)
  }
  return list
}

const buildColumnAggregate = (
  scope: ViewScope,
  root: NodeDefinition,
  path: string,
  name: AggregateFunction,
  over: string,
): readonly AggregateDefinition[] => {
  const at = ['aggregates', path, name]
  const dot = over.indexOf('.')
  if (dot < 0) {
    scope.problem(at, `"${over}" must be list.field`)
    return []
  }
  const list = findList(scope, root, over.slice(0, dot), at)
  if (list === undefined) return []
  const column = over.slice(dot + 1)
  const { node } = list
  const type = scope.column(
    { name: node.dataset, columns: node.columns, primaryKey: [], notKeys: new Map() },
    column,
    at,
  )
  if (type === undefined) return []
  const why = misfit(name, type)
  if (why !== undefined) scope.problem(at, `${name} of "${over}": ${why}`)
  return [{ path, function: name, list: list.name, column }]
}

const buildAggregate = (
  scope: ViewScope,
  root: NodeDefinition,
  path: string,
  declared: AggregateDeclaration,
): readonly AggregateDefinition[] => {
  const given = FUNCTIONS.filter(name => declared[name] !== undefined)
  const [name] = given
  if (name === undefined || given.length !== 1) {
    scope.problem(['aggregates', path], `names exactly one of: ${FUNCTIONS.join(', ')}`)
    return []
  }
  const over = declared[name] ?? ''
  if (name !== 'count') return buildColumnAggregate(scope, root, path, name, over)
  const list = findList(scope, root, over, ['aggregates', path, name])
  return list === undefined ? [] : [{ path, function: 'count', list: list.name }]
}

/** A path may neither be one that is taken nor lead through one. */
const checkPaths = (scope: ViewScope, taken: readonly string[], paths: readonly string[]): void => {
  const names = new Set(taken)
  for (const path of paths) {
    const head = path.split('.')[0] ?? path
    if (names.has(head))
      scope.problemAtKey(['aggregates'], path, `"${head}" is a field or a list of the document already`)
    const through = paths.find(other => other !== path && path.startsWith(`${other}.`))
    if (through !== undefined)
      scope.problemAtKey(['aggregates'], path, `"${through}" is an aggregate, nothing can stand below it`)
  }
}

export const buildAggregates = (
  scope: ViewScope,
  root: NodeDefinition,
  declared: Readonly<Record<string, AggregateDeclaration>>,
): readonly AggregateDefinition[] => {
  const taken = [
    ...root.fields.map(({ as }) => as),
    ...root.lists.map(({ name }) => name),
    ...root.references.flatMap(({ name, flatten, node }) =>
      flatten ? node.fields.map(({ as }) => as) : [name],
    ),
  ]
  checkPaths(scope, taken, Object.keys(declared))
  return Object.entries(declared).flatMap(([path, each]) => buildAggregate(scope, root, path, each))
}

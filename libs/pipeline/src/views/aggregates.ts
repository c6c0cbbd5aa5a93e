import type { AggregateDefinition, ListDefinition, NodeDefinition } from '@headrace/denormalise'
import type { ColumnType } from '@headrace/wire'
import type { AggregateDeclaration, ViewDeclaration } from '../declarations/view-file.ts'
import { suggestion } from '../yaml/nearest.ts'
import type { YamlPath } from '../yaml/yaml-file.ts'
import { unordered } from './conditions.ts'
import { documentNames, nameMistake } from './document-names.ts'
import type { ViewDataset, ViewScope } from './view-scope.ts'

const FUNCTIONS = ['count', 'countBy', 'sum', 'min', 'max', 'distinct'] as const
type AggregateFunction = (typeof FUNCTIONS)[number]

const isExactNumber = ({ kind }: ColumnType): boolean => /^(int|decimal)/.test(kind)

/** Why a column cannot be aggregated that way. */
const misfit = (
  name: AggregateFunction,
  type: ColumnType,
  dataset: ViewDataset,
  column: string,
): string | undefined => {
  if (type.dimensions > 0 || type.kind === 'json') return 'arrays and JSON cannot be aggregated'
  if (name === 'sum' && type.kind.startsWith('float'))
    return 'sums of floating-point numbers depend on the order of the rows; make the column numeric'
  if (name === 'sum' && !isExactNumber(type)) return 'only numbers can be summed'
  return name === 'min' || name === 'max' ? unordered(type, dataset, column) : undefined
}

/** The view as far as aggregates see it. */
interface AggregateScope {
  readonly scope: ViewScope
  readonly root: NodeDefinition
  readonly declared: ViewDeclaration
}

const findList = (
  { scope, root, declared }: AggregateScope,
  name: string,
  path: YamlPath,
): ListDefinition | undefined => {
  const list = root.lists.find(each => each.name === name)
  const names = Object.keys(declared.lists ?? {})
  // a list that is declared, but wrong, has been told already
  if (list === undefined && !names.includes(name) && !scope.doubts.within(['lists', name])) {
    scope.problem(path, `the view has no list "${name}".${suggestion(name, names)}`)
  }
  return list
}

const buildColumnAggregate = (
  view: AggregateScope,
  path: string,
  name: AggregateFunction,
  over: string,
): readonly AggregateDefinition[] => {
  const { scope } = view
  const at = ['aggregates', path, name]
  const dot = over.indexOf('.')
  if (dot < 0) {
    scope.problem(at, `"${over}" must be list.field`)
    return []
  }
  const list = findList(view, over.slice(0, dot), at)
  if (list === undefined) return []
  const column = over.slice(dot + 1)
  const dataset = scope.datasetOf(list.node)
  const type = scope.column(dataset, column, at)
  if (type === undefined) return []
  const why = misfit(name, type, dataset, column)
  if (why !== undefined) {
    scope.problem(at, `${name} of "${over}": ${why}`)
    return []
  }
  return [{ path, function: name, list: list.name, column }]
}

const buildAggregate = (
  view: AggregateScope,
  path: string,
  declared: AggregateDeclaration,
): readonly AggregateDefinition[] => {
  const given = FUNCTIONS.filter(name => declared[name] !== undefined)
  const [name] = given
  if (name === undefined || given.length !== 1) {
    if (!view.scope.doubts.within(['aggregates', path]))
      view.scope.problem(['aggregates', path], `names exactly one of: ${FUNCTIONS.join(', ')}`)
    return []
  }
  const over = declared[name] ?? ''
  if (name !== 'count') return buildColumnAggregate(view, path, name, over)
  const list = findList(view, over, ['aggregates', path, name])
  return list === undefined ? [] : [{ path, function: 'count', list: list.name }]
}

/** A path may neither be one that is taken nor lead through one. */
const checkPaths = (scope: ViewScope, taken: readonly string[], paths: readonly string[]): void => {
  const names = new Set(taken)
  for (const path of paths) {
    const steps = path.split('.')
    const head = steps[0] ?? path
    const mistake = steps
      .map((step, index) => nameMistake(step, index === 0))
      .find(each => each !== undefined)
    if (mistake !== undefined) scope.problemAtKey(['aggregates'], path, mistake)
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
  declared: ViewDeclaration,
): readonly AggregateDefinition[] => {
  const aggregates = declared.aggregates ?? {}
  const taken = documentNames(declared, []).map(({ name }) => name)
  checkPaths(scope, taken, Object.keys(aggregates))
  return Object.entries(aggregates).flatMap(([path, each]) =>
    buildAggregate({ scope, root, declared }, path, each),
  )
}

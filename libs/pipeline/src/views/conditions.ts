import type { Condition, ListDefinition } from '@headrace/denormalise'
import type { ColumnType } from '@headrace/wire'
import type { ConditionDeclaration } from '../declarations/view-file.ts'
import type { YamlPath } from '../yaml/yaml-file.ts'
import { conditionValue, isComparable } from './condition-values.ts'
import type { ViewDataset, ViewScope } from './view-scope.ts'

const typeName = (dataset: ViewDataset, column: string, { kind }: ColumnType): string =>
  dataset.traits.get(column)?.enumName ?? kind

const buildCondition = (
  scope: ViewScope,
  dataset: ViewDataset,
  column: string,
  declared: ConditionDeclaration,
  path: YamlPath,
): readonly Condition[] => {
  const type = scope.columnAtKey(dataset, column, path.slice(0, -1))
  if (type === undefined) return []
  if (declared === null) return [{ column, is: 'null' }]
  if (typeof declared === 'object' && !Array.isArray(declared)) return [{ column, is: 'not_null' }]
  const why = dataset.traits.get(column)?.notAKey
  if (!isComparable(type) || why !== undefined) {
    const because = why === undefined ? '' : `: ${why}`
    scope.problem(path, `"${column}" can only be compared with null or { not: null }${because}`)
    return []
  }
  const values = (Array.isArray(declared) ? declared : [declared]).flatMap((value, index) => {
    const at = Array.isArray(declared) ? [...path, index] : path
    const result = conditionValue(type, { value, source: scope.file.sourceText(at) })
    if ('text' in result) return [result.text]
    scope.problem(
      at,
      `the value does not fit "${column}" (${typeName(dataset, column, type)}): ${result.mistake}`,
    )
    return []
  })
  return [{ column, is: 'in', values: [...new Set(values)] }]
}

export const buildWhere = (
  scope: ViewScope,
  dataset: ViewDataset,
  declared: Readonly<Record<string, ConditionDeclaration>>,
  path: YamlPath,
): readonly Condition[] =>
  Object.entries(declared).flatMap(([column, condition]) =>
    buildCondition(scope, dataset, column, condition, [...path, column]),
  )

const ORDER = /^([A-Za-z_]\w*)(?:\s+(asc|desc))?$/

/** Why rows cannot be ordered by a column. */
export const unordered = (
  type: ColumnType,
  dataset: ViewDataset | undefined,
  column: string,
): string | undefined => {
  if (type.dimensions > 0) return 'an array has no order'
  if (type.kind === 'json') return 'JSON has no order'
  return dataset?.traits.get(column)?.notOrdered
}

export const buildOrder = (
  scope: ViewScope,
  dataset: ViewDataset,
  declared: readonly string[],
  path: YamlPath,
): ListDefinition['orderBy'] => {
  const seen = new Set<string>()
  return declared.flatMap((text, index) => {
    const at = [...path, index]
    const [, column, direction] = ORDER.exec(text) ?? []
    if (column === undefined) {
      scope.problem(at, `"${text}" is no order: a field, with " desc" behind it for the reverse`)
      return []
    }
    const type = scope.column(dataset, column, at)
    if (type === undefined) return []
    const why = seen.has(column) ? 'it is there already' : unordered(type, dataset, column)
    seen.add(column)
    if (why !== undefined) {
      scope.problem(at, `cannot order by "${column}": ${why}`)
      return []
    }
    return [{ column, descending: direction === 'desc' }]
  })
}

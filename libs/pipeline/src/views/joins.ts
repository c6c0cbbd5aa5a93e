import type { ColumnType } from '@headrace/wire'
import type { YamlPath } from '../yaml/yaml-file.ts'
import type { ViewDataset, ViewScope } from './view-scope.ts'

/** Types whose equal values print the same text, so keys may be compared as texts; null: not joinable. */
export const joinFamily = ({ kind, dimensions }: ColumnType): string | null => {
  if (dimensions > 0) return null
  switch (kind) {
    case 'int16':
    case 'int32':
    case 'int64':
      return 'integer'
    case 'text':
    case 'uuid':
    case 'decimal':
    case 'date':
    case 'time':
    case 'bytes':
    case 'boolean':
    case 'timestamp':
    case 'timestamptz':
      return kind
    case 'float32':
    case 'float64':
    case 'json':
      return null
  }
}

/** One pair of a join: the column that holds the reference and the key column it refers to. */
export interface JoinPair {
  readonly reference: string
  readonly key: string
}

interface Join {
  /** Dataset with the referring columns. */
  readonly from: ViewDataset
  /** Dataset whose primary key is referred to. */
  readonly to: ViewDataset
  readonly pairs: readonly JoinPair[]
  readonly path: YamlPath
}

const checkPair = (scope: ViewScope, { from, to, path }: Join, pair: JoinPair): void => {
  const own = from.columns[pair.reference]
  const key = to.columns[pair.key]
  if (own === undefined || key === undefined) return
  const why = from.notKeys.get(pair.reference) ?? to.notKeys.get(pair.key)
  if (why !== undefined)
    return scope.problem(
      path,
      `cannot join ${from.name}.${pair.reference} with ${to.name}.${pair.key}: ${why}`,
    )
  const families = [joinFamily(own), joinFamily(key)]
  if (families[0] === null || families[0] !== families[1]) {
    scope.problem(
      path,
      `cannot join ${from.name}.${pair.reference} (${own.kind}) with ${to.name}.${pair.key} (${key.kind}): both must be of one type that can be a key`,
    )
  }
}

/** Joins are on the whole primary key of the other side, in its order, same types (design 02 §2.3). */
export const checkJoin = (scope: ViewScope, join: Join): readonly JoinPair[] => {
  const { from, to, pairs, path } = join
  const ordered = to.primaryKey.flatMap(key => {
    const pair = pairs.find(each => each.key === key)
    return pair === undefined ? [] : [pair]
  })
  const fields = `${to.primaryKey.map(key => `${to.name}.${key}`).join(', ')}`
  if (ordered.length !== to.primaryKey.length || pairs.length !== ordered.length) {
    scope.problem(path, `"on" must name the primary key of "${to.name}" (${fields}), each of its fields once`)
  }
  for (const pair of ordered) checkPair(scope, { from, to, pairs, path }, pair)
  return ordered
}

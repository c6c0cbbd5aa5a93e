import type { ColumnType } from '@headrace/wire'
import type { TypeTraits } from '../contracts/physical-types.ts'
import type { YamlPath } from '../yaml/yaml-file.ts'
import type { ViewDataset, ViewScope } from './view-scope.ts'

/** Types whose equal values print the same text, so keys may be compared as texts; null: not joinable. */
export const joinFamily = ({ kind, dimensions }: ColumnType, enumName?: string): string | null => {
  if (dimensions > 0) return null
  // Postgres compares an enum with values of the same enum only
  if (enumName !== undefined) return `enum ${enumName}`
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
  /** Those of `declared` whose names are right. */
  readonly pairs: readonly JoinPair[]
  readonly declared: Readonly<Record<string, string>>
  readonly path: YamlPath
}

const enumText = (traits: TypeTraits | undefined): string | undefined =>
  traits?.enumName === undefined ? undefined : `enum ${traits.enumName}`

const checkPair = (scope: ViewScope, { from, to, path }: Join, pair: JoinPair): void => {
  const own = from.columns[pair.reference]
  const key = to.columns[pair.key]
  if (own === undefined || key === undefined) return
  const [ownTraits, keyTraits] = [from.traits.get(pair.reference), to.traits.get(pair.key)]
  const why = ownTraits?.notAKey ?? keyTraits?.notAKey
  if (why !== undefined)
    return scope.problem(
      path,
      `cannot join ${from.name}.${pair.reference} with ${to.name}.${pair.key}: ${why}`,
    )
  const families = [joinFamily(own, ownTraits?.enumName), joinFamily(key, keyTraits?.enumName)]
  if (families[0] === null || families[0] !== families[1]) {
    scope.problem(
      path,
      `cannot join ${from.name}.${pair.reference} (${enumText(ownTraits) ?? own.kind}) with ${to.name}.${pair.key} (${enumText(keyTraits) ?? key.kind}): both must be of one type that can be a key`,
    )
  }
}

/** Joins are on the whole primary key of the other side, in its order, same types (design 02 §2.3). */
export const checkJoin = (scope: ViewScope, join: Join): readonly JoinPair[] => {
  const { to, pairs, path } = join
  const ordered = to.primaryKey.flatMap(key => {
    const pair = pairs.find(each => each.key === key)
    return pair === undefined ? [] : [pair]
  })
  const fields = `${to.primaryKey.map(key => `${to.name}.${key}`).join(', ')}`
  // a name that is wrong, or a key that is, has been told already
  const isWhole =
    pairs.length === Object.keys(join.declared).length &&
    to.primaryKey.length > 0 &&
    !scope.doubts.within(path)
  if (isWhole && (ordered.length !== to.primaryKey.length || pairs.length !== ordered.length)) {
    scope.problem(path, `"on" must name the primary key of "${to.name}" (${fields}), each of its fields once`)
  }
  for (const pair of ordered) checkPair(scope, join, pair)
  return ordered
}

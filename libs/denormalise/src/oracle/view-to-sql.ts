import type { AggregateDefinition, ViewDefinition } from '../view-definition.ts'
import { documentKeySql, keyParameters } from './document-key.ts'
import { listAggregateSql } from './list-sql.ts'
import { nodeSql } from './node-sql.ts'
import { jsonObject } from './sql-text.ts'
import { type OpenTable, type OracleTable, StatementScope } from './view-scope.ts'

export interface OracleOptions {
  /** Documents of this many keys instead of all. */
  readonly keys?: number
  /**
   * `columns` (default): each key is given as its parameters of `parametersOf`, an index finds it. `text`: one parameter per
   * key, the key itself; reads the whole root table, for keys without such parameters.
   */
  readonly match?: 'columns' | 'text'
}

export interface OracleStatement {
  /**
   * Rows (key text, document text, overflow text): record key and JSON of every document. `overflow` names a list that is
   * longer than its limit under `overflow: fail`: a stub stands for that document then (05 A18); null otherwise.
   * To be run in a session with our pinned settings (design 02 §2.3).
   */
  readonly sql: string
  /** Parameters of a document key for `match: columns`; undefined: ask for it by `match: text`. */
  parametersOf(key: string): readonly string[] | undefined
}

type Tree = Map<string, string | Tree>

const place = (tree: Tree, path: readonly string[], value: string): void => {
  const [name = '', ...rest] = path
  if (rest.length === 0) {
    tree.set(name, value)
    return
  }
  const next = tree.get(name)
  const below: Tree = next instanceof Map ? next : new Map()
  tree.set(name, below)
  place(below, rest, value)
}

const treePairs = (tree: Tree): readonly (readonly [string, string])[] =>
  [...tree].map(([name, value]) => [name, value instanceof Map ? jsonObject(treePairs(value)) : value])

const rootSql = (scope: StatementScope, { aggregates }: ViewDefinition, root: OpenTable) => {
  const node = nodeSql(scope, root)
  const tree: Tree = new Map()
  const joins = [...node.joins]
  for (const aggregate of aggregates) {
    const { join, results } = listAggregateSql(scope, listOf(root, aggregate), aggregate, root)
    joins.push(join)
    place(tree, aggregate.path.split('.'), results.value)
  }
  return { document: jsonObject([...node.pairs, ...treePairs(tree)]), joins, overflow: node.overflow }
}

const listOf = (root: OpenTable, aggregate: AggregateDefinition): OpenTable['node']['lists'][number] => {
  const list = root.node.lists.find(({ name }) => name === aggregate.list)
  if (list === undefined) throw new RangeError(`aggregate ${aggregate.path} is over no list of the root`)
  return list
}

/** `in` over this many keys, each of `columns` parameters. */
const keyFilter = (operands: readonly string[], keys: number): string => {
  let next = 1
  const one = (): string => operands.map(() => `$${next++}`).join(', ')
  const tuple = operands.length === 1 ? one : (): string => `(${one()})`
  const left = operands.length === 1 ? operands[0]! : `(${operands.join(', ')})`
  return `${left} in (${Array.from({ length: keys }, tuple).join(', ')})`
}

/**
 * The oracle (05 A19): the view as one SELECT over the source's tables. Made from the definition alone, it shares nothing
 * with the aggregator. `tables`: by dataset.
 */
export const viewToSql = (
  view: ViewDefinition,
  tables: ReadonlyMap<string, OracleTable>,
  { keys, match = 'columns' }: OracleOptions = {},
): OracleStatement => {
  const scope = new StatementScope(keys === undefined ? 'all' : 'each', tables)
  const root = scope.open(view.root)
  const key = documentKeySql(root.primaryKey)
  const { document, joins, overflow } = rootSql(scope, view, root)
  const operands = match === 'text' ? [key] : root.primaryKey.map(({ sql }) => sql)
  const lines = [
    `select ${key} as key,`,
    `  ${document}::text as document,`,
    `  ${overflow.length === 0 ? 'null' : `coalesce(${overflow.join(', ')})`}::text as overflow`,
    `from ${root.from}`,
    ...joins,
    ...(keys === undefined ? [] : [`where ${keys === 0 ? 'false' : keyFilter(operands, keys)}`]),
  ]
  return { sql: lines.join('\n'), parametersOf: text => keyParameters(root.primaryKey, text) }
}

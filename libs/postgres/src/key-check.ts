import type { SourceProblem } from './source-check.ts'
import type { ColumnInfo, TableInfo } from './tables.ts'

/** Types whose equality is not equality of their texts, and that we do not normalise (design 02 §2.3). */
const UNFIT_KEY_TYPES = new Set([
  'character',
  'citext',
  'real',
  'double precision',
  'interval',
  'jsonb',
  'json',
  'money',
])

const unfit = (column: ColumnInfo): string | null => {
  const plain = column.baseType.replace(/\(.*\)/, '').replace(/^.*\./, '')
  if (UNFIT_KEY_TYPES.has(plain)) return `the type ${column.type}`
  if (plain === 'numeric[]') return 'the type numeric[]'
  return column.deterministic ? null : 'a nondeterministic collation'
}

/** What speaks against these columns as the record key of the table. */
export const keyProblems = (
  name: string,
  keyColumns: readonly string[],
  table: TableInfo,
): readonly SourceProblem[] => {
  const problems: SourceProblem[] = []
  if (keyColumns.length === 0) problems.push({ what: `${name} has no key in its contract`, sql: '' })
  for (const key of keyColumns) {
    const column = table.columns.find(found => found.name === key)
    if (column === undefined) {
      problems.push({ what: `the key column "${key}" of ${name} does not exist`, sql: '' })
      continue
    }
    const why = unfit(column)
    if (why !== null)
      problems.push({
        what: `the key column "${key}" of ${name} has ${why}: equal values may have different texts`,
        sql: '',
      })
  }
  const own = table.primaryKey
  if (
    own.length > 0 &&
    !(own.length === keyColumns.length && own.every(column => keyColumns.includes(column)))
  ) {
    problems.push({
      what: `the contract's key of ${name} (${keyColumns.join(', ')}) is not its primary key (${own.join(', ')})`,
      sql: '',
    })
  }
  // measured: one UPDATE of many rows then shows an insert of a key before its delete (03 C10)
  if (table.primaryKeyDeferrable) {
    problems.push({
      what: `the primary key of ${name} is deferrable: rows may hold the same key for a while`,
      sql: '',
    })
  }
  return problems
}

export const describeReplicaIdentity = (table: TableInfo): string =>
  ({ d: 'default', n: 'nothing', f: 'full', i: 'index' })[table.replicaIdentity] ?? table.replicaIdentity

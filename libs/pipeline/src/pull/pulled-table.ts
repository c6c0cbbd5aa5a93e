import type { ColumnType } from '@headrace/wire'
import { parsePhysicalType, type PhysicalType } from '../contracts/physical-types.ts'

/** A table as the database's catalogue describes it (libs/postgres reads it). */
export interface PulledTable {
  readonly schema: string
  readonly name: string
  /** 'p': permanent; others are not in the WAL. */
  readonly persistence: string
  /** 'i': old rows carry the columns of an index. */
  readonly replicaIdentity: string
  readonly identity: readonly string[]
  readonly primaryKey: readonly string[]
  readonly primaryKeyDeferrable: boolean
  readonly readable: boolean
  readonly comment: string | undefined
  readonly comments: ReadonlyMap<string, string>
  readonly columns: readonly PulledColumn[]
  readonly foreignKeys: readonly PulledForeignKey[]
}

export interface PulledColumn {
  readonly name: string
  readonly type: string
  readonly baseType: string
  readonly labels: readonly string[]
  readonly notNull: boolean
  readonly generated: boolean
  readonly deterministic: boolean
}

export interface PulledForeignKey {
  readonly columns: readonly string[]
  readonly to: { readonly schema: string; readonly name: string }
  readonly toColumns: readonly string[]
}

/** What was left out or needs a hand, and what to do about it. */
export interface PullNote {
  /** `public.image` or `public.image.shape`. */
  readonly what: string
  readonly why: string
  readonly todo: string
}

/** A table that becomes a dataset. */
export interface PulledDataset {
  readonly name: string
  readonly table: PulledTable
  /** Fields in the order of the columns. */
  readonly fields: readonly PulledField[]
  /** Names of fields, in key order. */
  readonly key: readonly string[]
}

export interface PulledField {
  readonly name: string
  readonly column: PulledColumn
  readonly physicalType: string
  readonly type: ColumnType
  readonly notAKey: string | undefined
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/

export const tableName = ({ schema, name }: { readonly schema: string; readonly name: string }): string =>
  `${schema}.${name}`

/** `base`, or `base_2`, `base_3` ... when it is taken. Takes it. */
export const freeName = (base: string, taken: Set<string>): string => {
  let name = base
  for (let count = 2; taken.has(name); count++) name = `${base}_${count}`
  taken.add(name)
  return name
}

/** Types of extensions live in a schema; the contract names them without. */
const typeTexts = ({ type, baseType }: PulledColumn): readonly string[] =>
  [type, baseType].flatMap(text => [text, text.replace(/^(?:"[^"]+"|\w+)\./, '')])

/** How the contract names the column's type; undefined: it cannot. Domains are named by the type below them. */
export const physicalTypeOf = (
  column: PulledColumn,
): (PhysicalType & { readonly text: string }) | undefined => {
  if (column.labels.length > 0) {
    const text = column.type.replaceAll('"', '')
    const physical = parsePhysicalType(text)
    const plain =
      physical.unknown === undefined
        ? { ...physical, type: { ...physical.type, kind: 'text' as const } }
        : physical
    const type = { ...plain.type, labels: column.labels }
    return { type, text, ...(type.dimensions > 0 ? { notAKey: 'arrays are no keys' } : {}) }
  }
  for (const text of typeTexts(column)) {
    const physical = parsePhysicalType(text)
    if (physical.unknown === undefined) return { ...physical, text }
  }
  return undefined
}

const fieldsOf = (table: PulledTable, notes: PullNote[]): readonly PulledField[] => {
  const taken = new Set<string>()
  return table.columns.flatMap(column => {
    const what = `${tableName(table)}.${column.name}`
    if (column.generated) {
      notes.push({
        what,
        why: 'a generated column is not in the change stream',
        todo: 'left out; compute it where it is read',
      })
      return []
    }
    const physical = physicalTypeOf(column)
    if (physical === undefined) {
      const todo = 'left out; add a column of a known type (text, jsonb ...) that holds the same'
      notes.push({ what, why: `the type ${column.type} is not supported`, todo })
      return []
    }
    const plain = column.name.replaceAll(/[^A-Za-z0-9_]/g, '_')
    const name = freeName(IDENTIFIER.test(plain) ? plain : `_${plain}`, taken)
    const notAKey =
      physical.notAKey ?? (column.deterministic ? undefined : 'its collation is nondeterministic')
    return [{ name, column, physicalType: physical.text, type: physical.type, notAKey }]
  })
}

/** Columns that identify a row: the primary key, else the index that is the replica identity. */
const keyColumnsOf = (table: PulledTable): readonly string[] =>
  table.primaryKey.length > 0 ? table.primaryKey : table.replicaIdentity === 'i' ? table.identity : []

type Verdict =
  { readonly dataset: Omit<PulledDataset, 'name'> } | { readonly why: string; readonly todo: string }

const judge = (table: PulledTable, notes: PullNote[]): Verdict => {
  const sql = `"${table.schema}"."${table.name}"`
  if (table.schema.includes('.'))
    return { why: 'the name of its schema has a dot', todo: 'rename the schema' }
  if (table.persistence !== 'p') {
    return {
      why: 'it is unlogged, so its changes are not in the WAL',
      todo: `ALTER TABLE ${sql} SET LOGGED, then pull again`,
    }
  }
  const columns = keyColumnsOf(table)
  if (columns.length === 0) {
    return {
      why: 'it has no primary key',
      todo: `ALTER TABLE ${sql} ADD PRIMARY KEY (...), or ALTER TABLE ${sql} REPLICA IDENTITY USING INDEX (a unique index of NOT NULL columns), then pull again`,
    }
  }
  if (table.primaryKeyDeferrable) {
    return {
      why: 'its primary key is deferrable: several rows may hold one key for a while',
      todo: 'make the primary key again without DEFERRABLE, then pull again',
    }
  }
  const own: PullNote[] = []
  const fields = fieldsOf(table, own)
  const key = columns.map(column => fields.find(field => field.column.name === column))
  for (const [index, field] of key.entries()) {
    const column = columns[index] ?? ''
    const type = table.columns.find(found => found.name === column)?.type ?? 'unknown'
    const why = field === undefined ? `the type ${type} cannot be captured as a key` : field.notAKey
    if (why !== undefined) {
      return {
        why: `its key column "${column}" is no exact key: ${why}`,
        todo: 'give the table a key of another type, then pull again',
      }
    }
  }
  notes.push(...own)
  return { dataset: { table, fields, key: key.flatMap(field => (field === undefined ? [] : [field.name])) } }
}

const datasetName = (table: PulledTable, several: boolean): string => {
  const text = (several ? `${table.schema}_${table.name}` : table.name)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]/g, '_')
  return (/^[a-z]/.test(text) ? text : `t${text}`).slice(0, 60)
}

/** Which tables become datasets and what is said about the rest; nothing is left out without a note. */
export const chooseDatasets = (
  tables: readonly PulledTable[],
): { readonly datasets: readonly PulledDataset[]; readonly notes: readonly PullNote[] } => {
  const notes: PullNote[] = []
  const taken = new Set<string>()
  const datasets = tables.flatMap(table => {
    const verdict = judge(table, notes)
    if ('why' in verdict) {
      notes.push({ what: tableName(table), why: verdict.why, todo: verdict.todo })
      return []
    }
    const twins = tables.filter(other => other.name === table.name).length > 1
    if (!table.readable) {
      const todo = `GRANT SELECT ON "${table.schema}"."${table.name}" TO the role that captures`
      notes.push({ what: tableName(table), why: 'this role may not read it', todo })
    }
    return [{ ...verdict.dataset, name: freeName(datasetName(table, twins), taken) }]
  })
  return { datasets, notes }
}

import { createHash } from 'node:crypto'
import { HeadraceError } from '@headrace/errors'
import { type KeyTextKind, type RelationColumn, type RelationDescription } from '@headrace/wire'

/** A table whose changes are wanted. Services add what they need to it (topic, counters). */
export interface CapturedTable {
  readonly schema: string
  readonly name: string
  /** Columns of the record key, in key order. */
  readonly keyColumns: readonly string[]
  /** Columns of the contract: a description that lacks one stops (03 C8), for a renamed column would read as null. */
  readonly columns?: readonly string[]
  /** Of a row whose values have more bytes only the key is given (04 K12). Default: there is no such row. */
  readonly maxRowBytes?: number
}

/** A table as the stream describes it at this point, with what is needed for each of its rows. */
export interface Relation<T extends CapturedTable> {
  readonly description: RelationDescription
  /** Undefined: the table is in the publication but not in the pipeline. */
  readonly table: T | undefined
  /** Fingerprint as the eight bytes of a protobuf fixed64. */
  readonly fingerprintBytes: Buffer
  /** Indexes of the record key's columns, in key order. */
  readonly keyIndexes: readonly number[]
  readonly keyKinds: readonly KeyTextKind[]
}

const NUMERIC_OID = 1700

/** 64 bits of SHA-256 over the canonical text of a description: JSON of its parts in a fixed order (03 C8). */
export const fingerprintOf = (description: Omit<RelationDescription, 'fingerprint'>): bigint => {
  const canonical = JSON.stringify([
    description.schema,
    description.table,
    description.oid,
    description.replicaIdentity,
    description.columns.map(({ name, typeOid, typeModifier, key }) => [name, typeOid, typeModifier, key]),
  ])
  return createHash('sha256').update(canonical).digest().readBigUInt64BE(0)
}

/** Key of a description in `<p>.relations`. */
export const fingerprintText = (fingerprint: bigint): string => fingerprint.toString(16).padStart(16, '0')

const textUntilZero = (buffer: Buffer, at: number): readonly [string, number] => {
  const end = buffer.indexOf(0, at)
  return [buffer.toString('utf8', at, end), end + 1]
}

/** Reads a Relation message of pgoutput (protocol 1) whose type byte is at `at`. */
export const readRelation = (buffer: Buffer, at: number): RelationDescription => {
  const oid = buffer.readUInt32BE(at + 1)
  const [schema, afterSchema] = textUntilZero(buffer, at + 5)
  const [table, afterTable] = textUntilZero(buffer, afterSchema)
  const replicaIdentity = String.fromCharCode(buffer[afterTable]!)
  const count = buffer.readUInt16BE(afterTable + 1)
  const columns: RelationColumn[] = []
  let position = afterTable + 3
  for (let column = 0; column < count; column += 1) {
    const key = (buffer[position]! & 1) === 1
    const [name, afterName] = textUntilZero(buffer, position + 1)
    columns.push({
      name,
      typeOid: buffer.readUInt32BE(afterName),
      typeModifier: buffer.readInt32BE(afterName + 4),
      key,
    })
    position = afterName + 8
  }
  // an empty namespace stands for pg_catalog
  const described = { schema: schema === '' ? 'pg_catalog' : schema, table, oid, replicaIdentity, columns }
  return { fingerprint: fingerprintOf(described), ...described }
}

export interface RelationTrackerOptions<T extends CapturedTable> {
  readonly tables: readonly T[]
  /** Type oids whose texts are numerics: numeric itself is known, domains over it are not. */
  readonly numericTypes?: ReadonlySet<number>
}

/** What the stream has said about its tables so far. */
export class RelationTracker<T extends CapturedTable> {
  readonly #tables: ReadonlyMap<string, T>
  readonly #numericTypes: ReadonlySet<number>
  readonly #byOid = new Map<number, Relation<T>>()

  constructor({ tables, numericTypes = new Set() }: RelationTrackerOptions<T>) {
    this.#tables = new Map(tables.map(table => [JSON.stringify([table.schema, table.name]), table]))
    this.#numericTypes = numericTypes
  }

  /** The newest description of a table. Rows are never sent before one. */
  get(oid: number): Relation<T> {
    const relation = this.#byOid.get(oid)
    if (relation === undefined) {
      throw new HeadraceError('internal.bug', `the stream names relation ${oid} before it has described it`)
    }
    return relation
  }

  /** Takes a description; gives the relation as rows need it. */
  describe(description: RelationDescription): Relation<T> {
    const known = this.#byOid.get(description.oid)
    if (known !== undefined && known.description.fingerprint === description.fingerprint) return known
    const relation = this.#resolve(description)
    this.#byOid.set(description.oid, relation)
    return relation
  }

  #resolve(description: RelationDescription): Relation<T> {
    const table = this.#tables.get(JSON.stringify([description.schema, description.table]))
    const fingerprintBytes = Buffer.alloc(8)
    fingerprintBytes.writeBigUInt64LE(description.fingerprint)
    const keyIndexes = (table?.keyColumns ?? []).map(name => {
      const index = description.columns.findIndex(column => column.name === name)
      if (index >= 0) return index
      throw new HeadraceError(
        'capture.key_missing',
        `the key column "${name}" is not among the published columns`,
        {
          where: `${description.schema}.${description.table}`,
          hint: 'The column was dropped, renamed or left out of the publication: mend the contract or the table, then start again.',
        },
      )
    })
    if (table !== undefined) {
      requireColumns(table, description.columns)
      requireOldKeys(table, description)
    }
    const keyKinds = keyIndexes.map((index): KeyTextKind => {
      const { typeOid } = description.columns[index]!
      return typeOid === NUMERIC_OID || this.#numericTypes.has(typeOid) ? 'numeric' : 'text'
    })
    return { description, table, fingerprintBytes, keyIndexes, keyKinds }
  }
}

/** Throws when a column of the contract is not among those that are published. */
export const requireColumns = (
  table: Pick<CapturedTable, 'schema' | 'name' | 'columns'>,
  columns: readonly { readonly name: string }[],
): void => {
  const published = new Set(columns.map(({ name }) => name))
  const missing = (table.columns ?? []).filter(name => !published.has(name))
  if (missing.length === 0) return
  const names = missing.map(name => `"${name}"`).join(', ')
  throw new HeadraceError(
    'capture.column_missing',
    `the contract has ${names}, which ${missing.length > 1 ? 'are' : 'is'} not among the published columns`,
    {
      where: `${table.schema}.${table.name}`,
      hint: 'Dropped: take it out of the contract and the views. Renamed: rename it there too, then run `headrace contracts lock DIR` and `headrace source reset DIR`. Not yet added or not published: do that first.',
    },
  )
}

/** An update that changes the key tells the old one only when it is part of the replica identity. */
const requireOldKeys = ({ keyColumns }: CapturedTable, description: RelationDescription): void => {
  const { schema, table, columns } = description
  const missing = keyColumns.filter(name => columns.some(column => column.name === name && !column.key))
  if (missing.length === 0) return
  const names = missing.map(name => `"${name}"`).join(', ')
  throw new HeadraceError(
    'capture.key_missing',
    `the replica identity does not contain ${names} of the key: changes would come without their old key`,
    {
      where: `${schema}.${table}`,
      hint: 'Give the table a replica identity that contains the key (ALTER TABLE ... REPLICA IDENTITY DEFAULT, or FULL), then run `headrace source reset DIR`.',
    },
  )
}

import type { ColumnKind, ColumnType } from '@headrace/wire'

/** What a type cannot be used for. */
export interface TypeTraits {
  /** Why values of the type cannot be keys: equal values may print different texts. */
  readonly notAKey?: string
  /** Why rows cannot be ordered by it. */
  readonly notOrdered?: string
  /** Carried as text, but there are no words in it. */
  readonly wordless?: boolean
  /** Name of an enum: labels of two enums may be equal, the types are not. */
  readonly enumName?: string
}

/** A column's type as the contract names it. */
export interface PhysicalType extends TypeTraits {
  readonly type: ColumnType
  /** A name that is none of Postgres' own: an enum when its labels are given. */
  readonly unknown?: string
}

const PADDED = 'char(n) compares without its trailing spaces; use text or varchar'
const INSENSITIVE = 'citext compares without case; use text'
const APPROXIMATE = 'floating-point numbers are no exact keys; use numeric or bigint'
const ZONED_TIME = 'the order of times with a zone does not follow from their texts; use time or timestamptz'
const MANY_TEXTS = 'equal values of this type can print different texts'

interface Entry extends TypeTraits {
  readonly kind: ColumnKind
  readonly names: readonly string[]
}

/** Names after aliases and modifiers are taken off. Types of kind `text` below `text` itself travel as Postgres prints them. */
const ENTRIES: readonly Entry[] = [
  { kind: 'boolean', names: ['boolean', 'bool'] },
  { kind: 'int16', names: ['smallint', 'int2', 'smallserial', 'serial2'] },
  { kind: 'int32', names: ['integer', 'int', 'int4', 'serial', 'serial4'] },
  { kind: 'int64', names: ['bigint', 'int8', 'bigserial', 'serial8'] },
  { kind: 'float32', names: ['real', 'float4'], notAKey: APPROXIMATE },
  { kind: 'float64', names: ['double precision', 'float8', 'float'], notAKey: APPROXIMATE },
  { kind: 'decimal', names: ['numeric', 'decimal', 'dec'] },
  { kind: 'text', names: ['text', 'varchar', 'character varying', 'name'] },
  { kind: 'text', names: ['char', 'character', 'bpchar'], notAKey: PADDED },
  { kind: 'text', names: ['citext'], notAKey: INSENSITIVE },
  { kind: 'uuid', names: ['uuid'] },
  { kind: 'bytes', names: ['bytea'] },
  { kind: 'date', names: ['date'] },
  { kind: 'time', names: ['time', 'time without time zone'] },
  { kind: 'time', names: ['timetz', 'time with time zone'], notOrdered: ZONED_TIME },
  { kind: 'timestamp', names: ['timestamp', 'timestamp without time zone'] },
  { kind: 'timestamptz', names: ['timestamptz', 'timestamp with time zone'] },
  { kind: 'json', names: ['json', 'jsonb'], notAKey: MANY_TEXTS },
  { kind: 'text', names: ['interval'], notAKey: MANY_TEXTS, wordless: true },
  {
    kind: 'text',
    names: [
      'inet',
      'cidr',
      'macaddr',
      'macaddr8',
      'bit',
      'bit varying',
      'varbit',
      'oid',
      'xid8',
      'pg_lsn',
      'ltree',
      'money',
    ],
    wordless: true,
  },
  {
    kind: 'text',
    names: [
      'xml',
      'tsvector',
      'tsquery',
      'point',
      'line',
      'lseg',
      'path',
      'polygon',
      'circle',
      'vector',
      'halfvec',
      'jsonpath',
    ],
    notAKey: MANY_TEXTS,
    wordless: true,
  },
  {
    kind: 'text',
    names: ['int4range', 'int8range', 'numrange', 'tsrange', 'tstzrange', 'daterange'],
    notAKey: MANY_TEXTS,
    wordless: true,
  },
  {
    kind: 'text',
    names: [
      'int4multirange',
      'int8multirange',
      'nummultirange',
      'tsmultirange',
      'tstzmultirange',
      'datemultirange',
    ],
    notAKey: MANY_TEXTS,
    wordless: true,
  },
]

const entryOf = (name: string): Entry | undefined => ENTRIES.find(entry => entry.names.includes(name))

/** Every name that is understood, for suggestions. */
export const knownTypeNames = (): readonly string[] => ENTRIES.flatMap(entry => entry.names)

interface Parts {
  readonly name: string
  readonly dimensions: number
}

/** `Character Varying (20) [][]` -> name `character varying`, 2 dimensions. */
const splitName = (text: string): Parts => {
  let rest = text.trim().toLowerCase().replace(/\s+/g, ' ')
  let dimensions = 0
  for (let match = /\s*\[\d*\]$/.exec(rest); match !== null; match = /\s*\[\d*\]$/.exec(rest)) {
    rest = rest.slice(0, match.index)
    dimensions++
  }
  if (rest.endsWith(' array')) {
    rest = rest.slice(0, -' array'.length)
    dimensions++
  }
  const name = rest.replace(/\s*\([^()]*\)/, '').replace(/^pg_catalog\./, '')
  return { name, dimensions }
}

/** Undefined `unknown` = one of Postgres' own types. */
export const parsePhysicalType = (text: string): PhysicalType => {
  const { name, dimensions } = splitName(text)
  const entry = entryOf(name)
  const array = dimensions > 0 ? { notAKey: 'arrays are no keys' } : {}
  if (entry === undefined) return { type: { kind: 'text', dimensions }, unknown: name, ...array }
  const { kind, names: _, ...traits } = entry
  return { type: { kind, dimensions }, ...traits, ...array }
}

const LOGICAL: Readonly<Record<ColumnKind, readonly string[]>> = {
  boolean: ['boolean'],
  int16: ['integer', 'number'],
  int32: ['integer', 'number'],
  int64: ['integer', 'number'],
  float32: ['number'],
  float64: ['number'],
  decimal: ['number', 'integer'],
  text: ['string'],
  uuid: ['string'],
  bytes: ['string'],
  date: ['date', 'string'],
  time: ['time', 'string'],
  timestamp: ['timestamp', 'date', 'string'],
  timestamptz: ['timestamp', 'date', 'string'],
  json: ['object', 'array', 'string'],
}

/** Logical types of the standard that fit a column type. */
export const logicalTypesFor = (type: ColumnType): readonly string[] =>
  type.dimensions > 0 ? ['array'] : LOGICAL[type.kind]

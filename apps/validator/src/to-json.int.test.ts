import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createDatabase, type TestDatabase } from '@headrace/testkit'
import { type Contract, type ContractField, compileValidator, deriveMessage } from '@headrace/validation'
import {
  type ColumnKind,
  type ColumnType,
  compileRowReader,
  Op,
  type RelationDescription,
  type Tuple,
} from '@headrace/wire'
import { origin } from './testing/raw-records.ts'

/** Postgres is the oracle: what goes through encoder and reader must be what to_json prints. Sessions as all of ours are pinned. */
const PINNED = [
  "TimeZone = 'UTC'",
  "DateStyle = 'ISO'",
  "IntervalStyle = 'postgres'",
  'extra_float_digits = 1',
  "bytea_output = 'hex'",
]

const TEXTS = ["''", '\'a "b" \\ / \u{1F600} \u2028\'', "E'\\t\\n\\r\\b\\f\\x01\\x1f\\x7f'", "'NULL'", "'{}'"]

const CASES: readonly (readonly [string, ColumnKind, readonly string[]])[] = [
  ['boolean', 'boolean', ['true', 'false']],
  ['smallint', 'int16', ['-32768', '32767', '0']],
  ['integer', 'int32', ['-2147483648', '2147483647', '0', '-1']],
  [
    'bigint',
    'int64',
    [
      '-9223372036854775808',
      '9223372036854775807',
      '9007199254740993',
      '-9007199254740993',
      '9007199254740991',
      '0',
      '-1',
    ],
  ],
  [
    'real',
    'float32',
    [
      '0.1',
      '-0.0',
      '3.4028235e38',
      '1e-45',
      '1.1754944e-38',
      '16777217',
      '1e10',
      '123456.79',
      "'NaN'",
      "'Infinity'",
      "'-Infinity'",
      '0.3',
      '1e-7',
      '8388608.5',
    ],
  ],
  [
    'double precision',
    'float64',
    [
      '0.1',
      '-0.0',
      '1.7976931348623157e308',
      '5e-324',
      '2.2250738585072014e-308',
      '9007199254740993',
      '1e21',
      '1e22',
      '1e-7',
      '123456789012345680',
      "'NaN'",
      "'Infinity'",
      "'-Infinity'",
      '0.1::float8 + 0.2::float8',
      '1e15',
      '1e16',
    ],
  ],
  [
    'numeric',
    'decimal',
    [
      '0',
      '-0.00',
      '1.10',
      '100',
      '123456789012345678901234567890.12345678901234567890',
      '1e-20',
      '1e40',
      "'NaN'",
      "'Infinity'",
      "'-Infinity'",
    ],
  ],
  ['numeric(10,2)', 'decimal', ['1', '-1.5', '99999999.99']],
  ['text', 'text', TEXTS],
  ['varchar(20)', 'text', ["'abc  '"]],
  ['char(5)', 'text', ["'ab'"]],
  ['uuid', 'uuid', ["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"]],
  ['bytea', 'bytes', ["''", "'\\x00ff10'", "'\\xdeadbeef'"]],
  [
    'date',
    'date',
    ["'2024-02-29'", "'infinity'", "'-infinity'", "'0044-03-15 BC'", "'12024-01-01'", "'0001-01-01'"],
  ],
  ['time', 'time', ["'24:00:00'", "'00:00:00'", "'12:34:56.789012'", "'12:34:56.5'"]],
  ['timetz', 'time', ["'12:00:00+05:30'", "'24:00:00-12'", "'12:00:00.1+00'"]],
  [
    'timestamp',
    'timestamp',
    [
      "'2024-02-29 12:34:56.789012'",
      "'2024-01-01'",
      "'0001-01-01'",
      "'9999-12-31 23:59:59.999999'",
      "'1969-12-31 23:59:59.5'",
      "'1970-01-01'",
      "'1900-02-28 00:00:00'",
    ],
  ],
  [
    'timestamptz',
    'timestamptz',
    [
      "'2024-02-29 12:34:56.789012+05'",
      "'2024-01-01'",
      "'0001-01-01'",
      "'9999-12-31 23:59:59.999999'",
      "'1969-12-31 23:59:59.000001'",
      "'1970-01-01'",
      "'2000-02-29 00:00:00.1'",
    ],
  ],
  ['json', 'json', ['\'{"a" : 1.50, "a": [1 , 2]}\'', "'null'", '\'"x"\'', "'12345678901234567890.10'"]],
  [
    'jsonb',
    'json',
    [
      '\'{"b": 1.50, "a": [1, null, {"c": "\\u00e9"}]}\'',
      "'null'",
      "'{}'",
      "'123456789012345678901234567890.10'",
    ],
  ],
  ['interval', 'text', ["'1 year 2 mons -3 days 04:05:06.7'", "'-00:00:01'"]],
  ['inet', 'text', ["'::1/64'", "'10.0.0.1'"]],
  ['money', 'text', ['12.5']],
  ['int4range', 'text', ["'[1,5]'", "'empty'"]],
  ['colour', 'text', ["'red'", "'dark blue'"]],
  ['point', 'text', ["'(1.5,2)'"]],
  ['bit(4)', 'text', ["B'1010'"]],
  ['xid8', 'text', ["'42'"]],
  ['tsvector', 'text', ["'a fat cat'"]],
  ['xml', 'text', ['\'<a b="c"/>\'']],
]

const ARRAYS: readonly (readonly [string, ColumnKind, readonly string[]])[] = [
  ['integer[]', 'int32', ["'{}'", "'{1,2,-3}'", "'{1,NULL}'", "'{{1,2},{3,4}}'", "'[0:1]={1,2}'"]],
  ['bigint[]', 'int64', ["'{9223372036854775807}'"]],
  ['text[]', 'text', ["array['a \"b\"', 'NULL', NULL, '', '{x,y}', E'back\\\\slash']"]],
  ['boolean[]', 'boolean', ["'{t,f,NULL}'"]],
  ['float8[]', 'float64', ["'{0.1,NaN,Infinity,1e300}'"]],
  ['numeric[]', 'decimal', ["'{1.10,NaN}'"]],
  ['timestamptz[]', 'timestamptz', ["'{2024-01-01 00:00:00.5,infinity,0044-01-01 BC}'"]],
  ['timestamp[]', 'timestamp', ["'{2024-01-01 00:00:00.5,-infinity,12024-01-01,0044-01-01 BC}'"]],
  ['date[]', 'date', ["'{2024-01-01,infinity}'"]],
  ['jsonb[]', 'json', ["array['{\"a\": \"b,c\"}', '[1, 2]', 'null']::jsonb[]"]],
  ['bytea[]', 'bytes', ["array['\\x00ff']::bytea[]"]],
  ['uuid[]', 'uuid', ["'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'"]],
  ['colour[]', 'text', ['\'{red,"dark blue"}\'']],
]

/** JSON values with numbers kept as normalised texts: exact comparison. */
const exact = (json: string): unknown =>
  JSON.parse(json, (_, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? `number ${normal(context?.source ?? String(value))}` : value,
  )

const normal = (text: string): string => {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const digits = (whole + fraction).replace(/^0+/, '')
  const trimmed = digits.replace(/0+$/, '')
  if (trimmed === '') return '0'
  return `${sign}${trimmed}e${Number(exponent) - fraction.length + (digits.length - trimmed.length)}`
}

const relation: RelationDescription = {
  fingerprint: 1n,
  schema: 'public',
  table: 't',
  oid: 1,
  replicaIdentity: 'd',
  columns: [{ name: 'v', typeOid: 0, typeModifier: -1, key: true }],
}

const through = (type: ColumnType, text: string, required = false): string | null => {
  const field: ContractField = {
    name: 'v',
    column: 'v',
    type,
    number: 2,
    required,
    itemsRequired: required,
    rules: [],
  }
  const contract: Contract = {
    id: 't',
    version: '1',
    owner: '',
    dataset: 't',
    kind: 'change',
    fields: [field],
    primaryKey: ['v'],
    onInvalid: 'withhold',
    unenforced: [],
  }
  const tuple: Tuple = { kinds: Buffer.from('t'), values: [Buffer.from(text)] }
  const outcome = compileValidator(contract)
    .bind(relation)
    .judge({ origin: origin(Op.INSERT, 1), relation: 1n, old: undefined, new: tuple, tooLargeBytes: 0 })
  if (outcome.kind === 'dead') throw new Error(`${outcome.code}: ${outcome.message}`)
  return compileRowReader(deriveMessage(contract), ['v'])(outcome.value).values[0] ?? null
}

describe('values as Postgres prints them', () => {
  let database: TestDatabase
  /** One connection, pinned as all of ours are. */
  let session: { query<T>(sql: string): Promise<{ rows: T[] }>; release(): void }

  beforeAll(async () => {
    database = await createDatabase('tojson')
    await database.query(`create type colour as enum ('red', 'dark blue')`)
    session = (await database.pool.connect()) as unknown as typeof session
    for (const setting of PINNED) await session.query(`set ${setting}`)
  })

  afterAll(async () => {
    session.release()
    await database.drop()
  })

  const ask = async (type: string, expression: string): Promise<{ text: string; json: string }> => {
    // format() prints by the type's output function, which the stream does too; a cast to text does not always
    const { rows } = await session.query<{ text: string; json: string }>(
      `select format('%s', v) as text, to_json(v)::text as json from (select (${expression})::${type} as v) x`,
    )
    return rows[0]!
  }

  it.each(CASES.flatMap(([type, kind, values]) => values.map(value => [type, kind, value] as const)))(
    '%s (%s) %s',
    async (type, kind, value) => {
      const { text, json } = await ask(type, value)
      const own = through({ kind, dimensions: 0 }, text)
      expect(exact(own!)).toEqual(exact(json))
      if (kind !== 'float32' && kind !== 'float64') expect(own).toBe(json)
    },
  )

  it.each(ARRAYS.flatMap(([type, kind, values]) => values.map(value => [type, kind, value] as const)))(
    '%s (%s) %s',
    async (type, kind, value) => {
      const { text, json } = await ask(type, value)
      expect(exact(through({ kind, dimensions: 1 }, text)!)).toEqual(exact(json))
    },
  )

  it.each(ARRAYS.map(([type, kind, values]) => [type, kind, values[0]!] as const))(
    '%s as a repeated field',
    async (type, kind, value) => {
      const { text, json } = await ask(type, value)
      if (/NULL|infinity/.test(text) && kind !== 'float64' && kind !== 'date') {
        expect(() => through({ kind, dimensions: 1 }, text, true)).toThrow(/contract\.(missing|range)/)
        return
      }
      expect(exact(through({ kind, dimensions: 1 }, text, true)!)).toEqual(exact(json))
    },
  )
})

import type { ColumnType } from '@headrace/wire'

/**
 * Values of a type as Postgres prints them, in ascending order (05 A9a). Written down, not computed: the order is a second
 * opinion. Values in one group are equal.
 */
export interface ValuePool {
  /** Type of the column in CREATE TABLE. */
  readonly sqlType: string
  readonly type: ColumnType
  readonly ascending: readonly (readonly string[])[]
  readonly isKey: boolean
}

const pool = (
  sqlType: string,
  kind: ColumnType['kind'],
  isKey: boolean,
  values: readonly (string | readonly string[])[],
): ValuePool => ({
  sqlType,
  type: { kind, dimensions: 0 },
  ascending: values.map(each => (typeof each === 'string' ? [each] : each)),
  isKey,
})

const LABELS = ['small', 'large', 'HUGE', 'it\'s "odd"']

/** The enum type `size` must exist. */
export const SIZE_TYPE = `create type oracle.size as enum (${LABELS.map(label => `'${label.replaceAll("'", "''")}'`).join(', ')})`

export const VALUE_POOLS: readonly ValuePool[] = [
  pool('boolean', 'boolean', true, ['f', 't']),
  pool('smallint', 'int16', true, ['-32768', '-1', '0', '9', '10', '32767']),
  pool('integer', 'int32', true, ['-2147483648', '-1', '0', '7', '10', '100']),
  pool('bigint', 'int64', true, [
    '-9223372036854775808',
    '-5',
    '3',
    '20',
    '9007199254740993',
    '9223372036854775807',
  ]),
  pool('numeric', 'decimal', true, [
    '-12.5',
    ['0', '0.00'],
    '0.001',
    ['1', '1.0', '1.00'],
    '9.99',
    '12345678901234567890.123456789',
  ]),
  pool('numeric', 'decimal', false, ['-Infinity', '-1', '0', '10', 'Infinity', 'NaN']),
  pool('text', 'text', true, ['', 'A', 'B', 'a', 'a\tb', 'a b', 'a"\\\'', 'ab', 'b', 'é', '\uffee', '😀']),
  pool('varchar(600)', 'text', true, ['0', '10', '9', 'x'.repeat(513), `x${'y'.repeat(512)}`]),
  { ...pool('oracle.size', 'text', true, LABELS), type: { kind: 'text', dimensions: 0, labels: LABELS } },
  pool('inet', 'text', true, ['10.0.0.0/8', '10.0.0.1', '9.1.1.1', '::1']),
  pool('uuid', 'uuid', true, [
    '00000000-0000-0000-0000-000000000001',
    '9c5b94b1-35ad-49bb-b118-8e8fc24abf80',
    'f0000000-0000-0000-0000-000000000000',
  ]),
  pool('bytea', 'bytes', true, ['\\x', '\\x00', '\\x00ff', '\\x0a', '\\xff']),
  pool('date', 'date', true, [
    '-infinity',
    '0044-03-15 BC',
    '1999-12-31',
    '2024-02-29',
    '10000-01-01',
    'infinity',
  ]),
  pool('time', 'time', true, ['00:00:00', '09:00:00', '09:00:00.5', '24:00:00']),
  pool('timestamp', 'timestamp', true, [
    '-infinity',
    '2023-12-31 23:59:59.999999',
    '2024-01-01 00:00:00',
    '2024-01-01 00:00:00.1',
    'infinity',
  ]),
  pool('timestamptz', 'timestamptz', true, [
    '0044-03-15 12:00:00+00 BC',
    '2024-01-01 00:00:00+00',
    '2024-01-01 00:00:00.25+00',
    'infinity',
  ]),
  pool('real', 'float32', false, ['-1.5', '0.1', '3.4e+38', 'Infinity', 'NaN']),
  pool('double precision', 'float64', false, [
    '-Infinity',
    '-1e-07',
    '0',
    '0.30000000000000004',
    '1e+22',
    'NaN',
  ]),
  pool('interval', 'text', false, ['-1 days', '00:00:01', '1 mon', '10 days', '9 days']),
]

/** Have no order: shown, never compared. */
export const UNORDERED_POOLS: readonly ValuePool[] = [
  pool('jsonb', 'json', false, ['{}', '{"a": [1, 2.50, null], "b": "x"}', 'null', '12345678901234567890']),
  pool('json', 'json', false, ['{"a":1,"a":2}', ' [1e400, -0.0] ', '"é\\u0000"']),
  {
    ...pool('bigint[]', 'int64', false, ['{}', '{1,NULL,9007199254740993}']),
    type: { kind: 'int64', dimensions: 1 },
  },
  {
    ...pool('text[]', 'text', false, ['{}', '{a,"b \\" c",NULL,"null"}']),
    type: { kind: 'text', dimensions: 1 },
  },
]

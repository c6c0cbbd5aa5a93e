import { describe, expect, it } from '@jest/globals'
import type { ColumnKind, ColumnType } from '../column-type.ts'
import { Op, Origin } from '../generated/headrace/v1/origin.pb.ts'
import { fieldTypeOf } from './field-type.ts'
import type { MessageField, MessageSchema } from './message-schema.ts'
import { compileRowEncoder } from './row-encoder.ts'
import { compileRowReader } from './row-reader.ts'

const origin = Origin.encode({
  source: 'main',
  epoch: 1,
  commitLsn: 0x16b374d848n,
  ordinal: 3,
  xid: 731,
  commitTimeUs: 1_700_000_000_000_000n,
  op: Op.UPDATE,
  snapshot: false,
  repair: false,
  traceId: '',
  contractVersion: '1.0.0',
  unchanged: [],
}).finish()

const field = (number: number, kind: ColumnKind, repeated = false): MessageField => {
  const column: ColumnType = { kind, dimensions: repeated ? 1 : 0 }
  return { number, name: `f${number}`, type: fieldTypeOf(kind), repeated, optional: !repeated, column }
}

const roundTrip = (
  fields: readonly MessageField[],
  texts: readonly (string | null)[],
): readonly (string | null)[] => {
  const schema: MessageSchema = { package: 'test', message: 'Row', fields }
  const encoder = compileRowEncoder(schema)
  encoder.begin(origin)
  texts.forEach((text, index) => {
    if (text !== null) expect(encoder.write(index, Buffer.from(text))).toBeUndefined()
  })
  const row = compileRowReader(
    schema,
    fields.map(each => each.name),
  )(encoder.finish())
  expect(row.origin.commitLsn).toBe(0x16b374d848n)
  return row.values
}

const faultOf = (kind: ColumnKind, text: string): string | undefined => {
  const encoder = compileRowEncoder({ package: 'test', message: 'Row', fields: [field(2, kind)] })
  encoder.begin(origin)
  return encoder.write(0, Buffer.from(text))
}

describe('a typed row', () => {
  it.each<[ColumnKind, string, string]>([
    ['boolean', 't', 'true'],
    ['boolean', 'f', 'false'],
    ['int16', '-32768', '-32768'],
    ['int32', '2147483647', '2147483647'],
    ['int32', '-1', '-1'],
    ['int64', '9223372036854775807', '9223372036854775807'],
    ['int64', '-9223372036854775808', '-9223372036854775808'],
    ['int64', '-9007199254740993', '-9007199254740993'],
    ['int64', '9007199254740991', '9007199254740991'],
    ['int64', '0', '0'],
    ['float64', '0.1', '0.1'],
    ['float64', '-0', '-0'],
    ['float64', 'NaN', '"NaN"'],
    ['float64', '-Infinity', '"-Infinity"'],
    ['float32', '0.1', '0.1'],
    ['float32', '3.4028235e+38', '3.4028235e+38'],
    ['decimal', '1.10', '1.10'],
    ['decimal', 'NaN', '"NaN"'],
    ['text', 'a "b" \n \u{1F600}', '"a \\"b\\" \\n \u{1F600}"'],
    ['text', '', '""'],
    ['uuid', '00000000-0000-4000-8000-000000000001', '"00000000-0000-4000-8000-000000000001"'],
    ['bytes', '\\x00ff', '"\\\\x00ff"'],
    ['bytes', '\\x', '"\\\\x"'],
    ['date', 'infinity', '"infinity"'],
    ['date', '0044-03-15 BC', '"0044-03-15 BC"'],
    ['time', '24:00:00', '"24:00:00"'],
    ['timestamp', '2024-02-29 23:59:59.5', '"2024-02-29T23:59:59.5"'],
    ['timestamptz', '1969-12-31 23:59:59.999999+00', '"1969-12-31T23:59:59.999999+00:00"'],
    ['timestamptz', '0001-01-01 00:00:00+00', '"0001-01-01T00:00:00+00:00"'],
    ['timestamptz', '9999-12-31 23:59:59+00', '"9999-12-31T23:59:59+00:00"'],
    ['timestamptz', '1970-01-01 00:00:00+00', '"1970-01-01T00:00:00+00:00"'],
    ['json', '{"a": 1.50}', '{"a": 1.50}'],
  ])('carries %s %s as %s', (kind, text, json) => {
    expect(roundTrip([field(2, kind)], [text])).toEqual([json])
  })

  it.each<[ColumnKind, string, string]>([
    ['boolean', 'true', 'type'],
    ['int16', '32768', 'range'],
    ['int32', '12345678901234567890', 'range'],
    ['int32', '1.5', 'type'],
    ['int64', '9223372036854775808', 'range'],
    ['int64', '', 'type'],
    ['float64', '1e999', 'range'],
    ['float32', '1e39', 'range'],
    ['float64', 'x', 'type'],
    ['decimal', '1.', 'type'],
    ['decimal', '1e5', 'type'],
    ['decimal', '', 'type'],
    ['uuid', 'x', 'type'],
    ['bytes', '\\x0', 'type'],
    ['bytes', 'abc', 'type'],
    ['date', '2024-1-1', 'type'],
    ['time', '1:2', 'type'],
    ['timestamptz', 'infinity', 'range'],
    ['timestamptz', '0044-03-15 00:00:00+00 BC', 'range'],
    ['timestamptz', '12024-03-15 00:00:00+00', 'range'],
    ['timestamptz', '2024-03-15 00:00:00', 'type'],
    ['timestamp', '-infinity', 'range'],
    ['timestamp', '2024-03-15 00:00:00+00', 'type'],
  ])('refuses %s %s with %s', (kind, text, fault) => {
    expect(faultOf(kind, text)).toBe(fault)
  })

  it('reads only what is asked for, in the order of the question, null for what is absent', () => {
    const schema: MessageSchema = {
      package: 'test',
      message: 'Row',
      fields: [
        field(2, 'int64'),
        field(3, 'text'),
        field(20, 'timestamptz'),
        field(300, 'float32'),
        field(301, 'boolean'),
      ],
    }
    const encoder = compileRowEncoder(schema)
    encoder.begin(origin)
    encoder.write(0, Buffer.from('1'))
    encoder.write(1, Buffer.from('x'.repeat(10_000)))
    encoder.write(2, Buffer.from('2024-01-01 00:00:00+00'))
    encoder.write(3, Buffer.from('1.5'))
    const payload = encoder.finish()
    expect(compileRowReader(schema, ['f301', 'f2', 'f300'])(payload).values).toEqual([null, '1', '1.5'])
    expect(compileRowReader(schema, [])(payload).values).toEqual([])
    expect(() => compileRowReader(schema, ['nope'])).toThrow('no field nope')
  })

  it('carries arrays as repeated fields, [] when they are empty', () => {
    const fields = [
      field(2, 'int64', true),
      field(3, 'text', true),
      field(4, 'timestamp', true),
      field(5, 'boolean', true),
    ]
    expect(
      roundTrip(fields, [
        '{1,-2,9223372036854775807}',
        '{a,"b c","NULL",""}',
        '{"2024-01-01 00:00:00"}',
        '{t,f}',
      ]),
    ).toEqual([
      '[1,-2,9223372036854775807]',
      '["a","b c","NULL",""]',
      '["2024-01-01T00:00:00"]',
      '[true,false]',
    ])
    expect(roundTrip(fields, ['{}', '{}', '{}', '{}'])).toEqual(['[]', '[]', '[]', '[]'])
  })

  it('carries arrays that may hold nulls or more dimensions as JSON text', () => {
    const json: MessageField = {
      ...field(2, 'int64'),
      type: 'string',
      column: { kind: 'int64', dimensions: 1 },
    }
    expect(roundTrip([json], ['[0:1]={{1,NULL},{3,4}}'])).toEqual(['[[1,null],[3,4]]'])
    expect(roundTrip([json], [null])).toEqual([null])
  })

  it('says which array does not fit', () => {
    const encoder = compileRowEncoder({ package: 'test', message: 'Row', fields: [field(2, 'int16', true)] })
    encoder.begin(origin)
    expect(encoder.write(0, Buffer.from('{1,NULL}'))).toBe('missing')
    expect(encoder.write(0, Buffer.from('{{1}}'))).toBe('type')
    expect(encoder.write(0, Buffer.from('{1'))).toBe('type')
    expect(encoder.write(0, Buffer.from('{99999}'))).toBe('range')
  })
})

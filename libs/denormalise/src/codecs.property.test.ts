import { describe, expect, it } from '@jest/globals'
import { type ColumnType, HopRecord, ProjectedRow } from '@headrace/wire'
import fc from 'fast-check'
import { decodeHop, encodeHop } from './hop-codec.ts'
import { keyTextOf } from './key-text.ts'
import { encodeRow, mergeRows, valuesAt } from './projected-row.ts'
import { sortKeyOf } from './sort-key.ts'

const position = fc.record({
  epoch: fc.integer({ min: 0, max: 0xffffffff }),
  commitLsn: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  ordinal: fc.integer({ min: 0, max: 0xffffffff }),
})
const values = fc.array(
  fc.oneof(
    fc.constant(null),
    fc.string({ unit: 'grapheme', maxLength: 300 }).map(text => JSON.stringify(text)),
  ),
  { maxLength: 8 },
)

describe('codecs', () => {
  it('rows are the generated ProjectedRow', () => {
    fc.assert(
      fc.property(values, row => {
        const bytes = encodeRow(row, row.length)
        expect(ProjectedRow.decode(bytes).values).toEqual(row.map(value => value ?? 'null'))
        expect(
          valuesAt(
            bytes,
            0,
            row.map((_, index) => index),
          ),
        ).toEqual(row.map(value => value ?? 'null'))
      }),
    )
  })

  it('hop records are the generated HopRecord, both ways', () => {
    fc.assert(
      fc.property(
        position,
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        values,
        fc.boolean(),
        (at, commitTimeUs, row, repair) => {
          const bytes = encodeRow(row, row.length)
          const encoded = encodeHop({ position: at, commitTimeUs, row: bytes, repair })
          const value = { position: at, commitTimeUs, row: ProjectedRow.decode(bytes), repair, error: '' }
          expect(HopRecord.decode(encoded)).toEqual({ record: { $case: 'row', value } })
          const generated = Buffer.from(HopRecord.encode({ record: { $case: 'row', value } }).finish())
          expect(decodeHop(generated)).toEqual({ position: at, commitTimeUs, row: bytes, repair })
        },
      ),
    )
  })

  it('carries why a row cannot be carried', () => {
    const failed = {
      position: { epoch: 1, commitLsn: 5n, ordinal: 2 },
      commitTimeUs: 7n,
      row: Buffer.alloc(0),
      repair: false,
      error: 'ä too large',
    }
    expect(decodeHop(encodeHop(failed))).toEqual(failed)
  })

  it('refuses hop records that end in the middle', () => {
    const whole = encodeHop({
      position: { epoch: 1, commitLsn: 5n, ordinal: 2 },
      commitTimeUs: 7n,
      row: encodeRow(['1', '"x"'], 2),
      repair: false,
    })
    for (let length = 1; length < whole.length; length++)
      expect(() => decodeHop(whole.subarray(0, length))).toThrow()
  })

  it('merges unchanged values', () => {
    const merged = mergeRows(encodeRow(['1', '', '3'], 3), encodeRow(['9', '"old"', '9'], 3))
    expect(ProjectedRow.decode(merged).values).toEqual(['1', '"old"', '3'])
  })
})

const compare = (type: ColumnType, a: string | null, b: string | null, descending = false): number =>
  Math.sign(Buffer.compare(sortKeyOf(type, a, descending), sortKeyOf(type, b, descending)))
const plain = (kind: ColumnType['kind']): ColumnType => ({ kind, dimensions: 0 })

describe('sort keys (05 A9a)', () => {
  const isOrder = (type: ColumnType, ordered: readonly (string | null)[]): void => {
    for (let i = 0; i < ordered.length; i++) {
      for (let j = 0; j < ordered.length; j++) {
        expect([ordered[i], ordered[j], compare(type, ordered[i]!, ordered[j]!)]).toEqual([
          ordered[i],
          ordered[j],
          Math.sign(i - j),
        ])
        const isNull = ordered[i] === null || ordered[j] === null
        expect(compare(type, ordered[i]!, ordered[j]!, true) + 0).toBe(
          (isNull ? Math.sign(i - j) : Math.sign(j - i)) + 0,
        )
      }
    }
  }

  it('orders numbers by value and nulls last, in both directions', () => {
    isOrder(plain('int64'), [
      '-9223372036854775808',
      '-10',
      '-9',
      '0',
      '9',
      '10',
      '9007199254740993',
      '9223372036854775807',
      null,
    ])
    isOrder(plain('decimal'), [
      '"-Infinity"',
      '-100.5',
      '-100',
      '-0.001',
      '0',
      '0.001',
      '0.0015',
      '9',
      '10',
      '99999999999999999999.1',
      '"Infinity"',
      '"NaN"',
      null,
    ])
    isOrder(plain('float64'), [
      '"-Infinity"',
      '-1e+300',
      '-1',
      '0',
      '5e-324',
      '1.5',
      '1e+300',
      '"Infinity"',
      '"NaN"',
      null,
    ])
  })

  it('orders points in time, infinity and BC among them', () => {
    isOrder(plain('date'), [
      '"-infinity"',
      '"0044-03-15 BC"',
      '"0001-01-01"',
      '"2024-01-01"',
      '"10000-01-01"',
      '"infinity"',
      null,
    ])
    isOrder(plain('timestamptz'), [
      '"2024-01-01T00:00:00+00:00"',
      '"2024-01-01T00:00:00.5+00:00"',
      '"2024-01-01T00:00:00.51+00:00"',
      '"2024-01-01T00:00:01+00:00"',
    ])
  })

  it('orders enums by their labels and text by UTF-8 bytes', () => {
    isOrder({ kind: 'text', dimensions: 0, labels: ['low', 'high', 'extreme'] }, [
      '"low"',
      '"high"',
      '"extreme"',
      null,
    ])
    isOrder(plain('text'), ['""', '"A"', '"a"', '"a\\n"', '"aa"', '"ä"', '"\ufb01"', '"\u{1f600}"', null])
  })

  it('equal values have equal keys', () => {
    expect(compare(plain('decimal'), '1.0', '1.00')).toBe(0)
    expect(compare(plain('decimal'), '-0.10', '-0.1')).toBe(0)
    expect(compare(plain('float64'), '-0', '0')).toBe(0)
  })
})

describe('key texts', () => {
  it('are what Postgres prints, from what to_json prints', () => {
    const vectors: [ColumnType['kind'], string, string][] = [
      ['int64', '9007199254740993', '9007199254740993'],
      ['decimal', '1.50', '1.5'],
      ['boolean', 'true', 't'],
      ['text', '"a\\"b"', 'a"b'],
      ['uuid', '"0190d3d3-0000-7000-8000-000000000000"', '0190d3d3-0000-7000-8000-000000000000'],
      ['timestamptz', '"2024-01-01T10:20:30.5+00:00"', '2024-01-01 10:20:30.5+00'],
      ['timestamp', '"2024-01-01T10:20:30"', '2024-01-01 10:20:30'],
      ['bytes', '"\\\\x00ff"', '\\x00ff'],
    ]
    for (const [kind, json, key] of vectors) expect(keyTextOf(plain(kind), json)).toBe(key)
  })
})

import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createRequire } from 'node:module'
import type { OutgoingRecord } from '../types.ts'
import { codecOf } from './codecs.ts'
import { crc32c } from './crc32c.ts'
import { type AbortedTransaction, readRecordBatches } from './record-batch-reader.ts'
import { recordBytes, writeRecordBatch } from './record-batch-writer.ts'

const require = createRequire(import.meta.url)

const TRANSACTIONAL = 0x10
const CONTROL = 0x20

interface Shape {
  readonly at: number | bigint
  readonly producer: number
  readonly keys?: readonly (Buffer | null)[]
  readonly control?: 'abort' | 'commit'
  readonly plain?: boolean
  /** Offsets the batch covers; more than records after compaction. */
  readonly covers?: number
}

const outgoing = (key: Buffer | null, value: Buffer | null = Buffer.from('v')): OutgoingRecord => ({
  topic: 't',
  partition: 0,
  key,
  value,
})

/** A batch as it stands in a log. */
const logBatch = ({
  at,
  producer,
  keys = [Buffer.from('k')],
  control,
  plain = false,
  covers,
}: Shape): Buffer => {
  const type = control === 'abort' ? 0 : 1
  const records =
    control === undefined ? keys.map(key => outgoing(key)) : [outgoing(Buffer.from([0, 0, 0, type]))]
  const identity = { producerId: BigInt(producer), producerEpoch: 0, firstSequence: 0 }
  const batch = writeRecordBatch(records, identity, 0, 1000)
  batch.writeBigInt64BE(BigInt(at), 0)
  batch.writeInt16BE((plain ? 0 : TRANSACTIONAL) | (control === undefined ? 0 : CONTROL), 21)
  batch.writeInt32BE((covers ?? records.length) - 1, 23)
  return batch
}

const aborted = (...list: [producer: number, first: number | bigint][]): AbortedTransaction[] =>
  list.map(([producer, first]) => ({ producerId: BigInt(producer), firstOffset: BigInt(first) }))

const seen = (shapes: Shape[], list: AbortedTransaction[], from = 0n) => {
  const { records, next } = readRecordBatches(Buffer.concat(shapes.map(logBatch)), from, list)
  return { offsets: records.map(({ offset }) => Number(offset)), next }
}

describe('read_committed (06 E1)', () => {
  it('hides crossed aborts, whatever order the broker lists them in', () => {
    // A sends, B sends, A sends, B aborts, A aborts, C commits
    const log: Shape[] = [
      { at: 0, producer: 1 },
      { at: 1, producer: 2 },
      { at: 2, producer: 1 },
      { at: 3, producer: 2, control: 'abort' },
      { at: 4, producer: 1, control: 'abort' },
      { at: 5, producer: 3 },
      { at: 6, producer: 3, control: 'commit' },
    ]
    const expected = { offsets: [5], next: 7n }
    expect(seen(log, aborted([2, 1], [1, 0]))).toEqual(expected)
    expect(seen(log, aborted([1, 0], [2, 1]))).toEqual(expected)
  })

  it('does not take a key of four zero bytes for an abort marker', () => {
    const log: Shape[] = [
      { at: 0, producer: 1, keys: [Buffer.alloc(4)] },
      { at: 1, producer: 1 },
      { at: 2, producer: 1, control: 'abort' },
      { at: 3, producer: 2, keys: [Buffer.alloc(4)] },
      { at: 4, producer: 2, control: 'commit' },
    ]
    expect(seen(log, aborted([1, 0]))).toEqual({ offsets: [3], next: 5n })
  })

  it('hides the rest of an aborted transaction when a fetch begins inside it', () => {
    const log: Shape[] = [
      { at: 11, producer: 1, keys: [null, null, null] },
      { at: 14, producer: 1, control: 'abort' },
      { at: 15, producer: 1 },
      { at: 16, producer: 1, control: 'commit' },
    ]
    expect(seen(log, aborted([1, 10]), 12n)).toEqual({ offsets: [15], next: 17n })
  })

  it('begins inside a batch', () => {
    const log: Shape[] = [{ at: 10, producer: 1, keys: [null, null, null] }]
    expect(seen(log, [], 12n)).toEqual({ offsets: [12], next: 13n })
  })

  it('knows one producer that aborts, commits and aborts again', () => {
    const log: Shape[] = [
      { at: 10, producer: 1 },
      { at: 11, producer: 1, control: 'abort' },
      { at: 12, producer: 1 },
      { at: 13, producer: 1, control: 'commit' },
      { at: 14, producer: 1 },
      { at: 15, producer: 2 },
      { at: 16, producer: 1, control: 'abort' },
    ]
    expect(seen(log, aborted([1, 14], [1, 10]))).toEqual({ offsets: [12, 15], next: 17n })
  })

  it('is exact beyond 32 and 53 bits', () => {
    const big = 2n ** 60n
    const log: Shape[] = [
      { at: big, producer: 1 },
      { at: big + 1n, producer: 1, control: 'abort' },
      { at: big + 2n, producer: 1 },
    ]
    expect(readRecordBatches(Buffer.concat(log.map(logBatch)), big, aborted([1, big])).records).toMatchObject(
      [{ offset: big + 2n }],
    )
  })

  it('sees records outside transactions of a producer that aborted', () => {
    const log: Shape[] = [
      { at: 0, producer: 1 },
      { at: 1, producer: 1, plain: true },
    ]
    expect(seen(log, aborted([1, 0])).offsets).toEqual([1])
  })
})

describe('positions', () => {
  it('go past markers, compacted gaps and batches that compaction emptied', () => {
    expect(seen([{ at: 0, producer: 1, keys: [], covers: 5 }], [])).toEqual({ offsets: [], next: 5n })
    expect(seen([{ at: 3, producer: 1, covers: 10 }], [])).toEqual({ offsets: [3], next: 13n })
    expect(seen([{ at: 7, producer: 1, control: 'commit' }], [])).toEqual({ offsets: [], next: 8n })
  })

  it('stay when nothing complete came', () => {
    const cut = logBatch({ at: 5, producer: 1 }).subarray(0, -1)
    expect(readRecordBatches(cut, 5n, [])).toEqual({ records: [], next: 5n })
    expect(readRecordBatches(Buffer.alloc(0), 5n, [])).toEqual({ records: [], next: 5n })
  })

  it('leave an incomplete last batch for the next fetch', () => {
    const data = Buffer.concat([
      logBatch({ at: 5, producer: 1 }),
      logBatch({ at: 6, producer: 1 }).subarray(0, 40),
    ])
    const { records, next } = readRecordBatches(data, 5n, [])
    expect([records.length, next]).toEqual([1, 6n])
  })

  it('never go back', () => {
    expect(seen([{ at: 3, producer: 1 }], [], 10n)).toEqual({ offsets: [], next: 10n })
  })
})

describe('record batches', () => {
  const identity = { producerId: 77n, producerEpoch: 3, firstSequence: 41 }
  const bytes = () => fc.option(fc.uint8Array({ maxLength: 300 }).map(data => Buffer.from(data)))
  const record = fc.record(
    {
      topic: fc.constant('t'),
      partition: fc.constant(0),
      key: bytes(),
      value: bytes(),
      headers: fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { maxKeys: 3 }),
    },
    { requiredKeys: ['topic', 'partition', 'key', 'value'] },
  )

  it('keep a header of any name', () => {
    const headers = Object.fromEntries([['__proto__', 'x']])
    const sent = { topic: 't', partition: 0, key: null, value: null, headers }
    const [got] = readRecordBatches(writeRecordBatch([sent], identity, 0, 0), 0n, []).records
    expect(Object.entries(got?.headers ?? {}).map(([name, value]) => [name, value.toString()])).toEqual([
      ['__proto__', 'x'],
    ])
  })

  it.each(['none', 'gzip', 'lz4'] as const)('round trip with compression %s', compression => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 40 }), records => {
        const batch = writeRecordBatch(records, identity, codecOf(compression), 1_700_000_000_123)
        const read = readRecordBatches(batch, 0n, []).records
        expect(read).toHaveLength(records.length)
        records.forEach((sent, i) => {
          const got = read[i]
          expect(got?.offset).toBe(BigInt(i))
          expect(got?.timestamp).toBe(1_700_000_000_123)
          expect([got?.key, got?.value]).toEqual([sent.key, sent.value])
          const headers = Object.entries(got?.headers ?? {}).map(([name, value]) => [name, value.toString()])
          expect(headers).toEqual(Object.entries(sent.headers ?? {}))
        })
      }),
    )
  })

  it('are what kafkajs reads too', async () => {
    const Decoder = require('kafkajs/src/protocol/decoder') as new (data: Buffer) => unknown
    const decode = require('kafkajs/src/protocol/recordBatch/v0/decoder') as (decoder: unknown) => Promise<{
      producerId: string
      producerEpoch: number
      firstSequence: number
      inTransaction: boolean
      records: {
        key: Buffer | null
        value: Buffer | null
        headers: Record<string, Buffer>
        timestamp: string
      }[]
    }>
    const records = [
      { ...outgoing(Buffer.from('a'), null), headers: { code: 'x' } },
      outgoing(null, Buffer.alloc(70_000, 1)),
    ]
    const batch = await decode(new Decoder(writeRecordBatch(records, identity, 0, 5)))
    expect(batch).toMatchObject({
      producerId: '77',
      producerEpoch: 3,
      firstSequence: 41,
      inTransaction: true,
    })
    expect(batch.records).toMatchObject([
      { key: Buffer.from('a'), value: null, headers: { code: Buffer.from('x') }, timestamp: '5' },
      { key: null, value: Buffer.alloc(70_000, 1) },
    ])
  })

  it('are never bigger than their estimate', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), records => {
        const estimate = records.reduce((sum, one) => sum + recordBytes(one), 61)
        expect(writeRecordBatch(records, identity, 0, 1).length).toBeLessThanOrEqual(estimate)
      }),
    )
  })

  it('with an unknown codec are refused', () => {
    const batch = logBatch({ at: 0, producer: 1 })
    batch.writeInt16BE(2, 21)
    expect(() => readRecordBatches(batch, 0n, [])).toThrow(/codec 2/)
  })
})

describe('crc32c', () => {
  it('has the known value', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
  })

  it('agrees with kafkajs for every length', () => {
    const theirs = require('kafkajs/src/protocol/recordBatch/crc32C') as (buffer: Buffer) => number
    for (let length = 0; length < 70; length++) {
      const buffer = Buffer.from(Array.from({ length }, (_, i) => (i * 37 + length) & 255))
      expect(crc32c(buffer)).toBe(theirs(buffer))
    }
  })
})

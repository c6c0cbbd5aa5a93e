import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { recordBytes } from '../protocol/record-batch-writer.ts'
import type { OutgoingRecord } from '../types.ts'
import { cutIntoRounds, refuseTooLarge } from './chunks.ts'

const record = fc.record({
  topic: fc.constantFrom('a', 'b'),
  partition: fc.nat(3),
  key: fc.constant(null),
  value: fc.nat(400).map(size => Buffer.alloc(size)),
})

const limits = { partitionBytes: 600, totalBytes: 1500 }

describe('rounds of a transaction', () => {
  it('hold every record once, in order within its partition, within the limits', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 60 }), records => {
        const rounds = cutIntoRounds(records, limits)
        const flat = rounds.flat().flatMap(chunk => chunk.records)
        const key = ({ topic, partition }: OutgoingRecord) => `${topic}/${partition}`
        for (const one of new Set(records.map(key))) {
          expect(flat.filter(r => key(r) === one)).toEqual(records.filter(r => key(r) === one))
        }
        expect(flat).toHaveLength(records.length)
        const size = (list: readonly OutgoingRecord[]) => list.reduce((sum, r) => sum + recordBytes(r), 0)
        for (const round of rounds) {
          expect(new Set(round.map(({ topic, partition }) => `${topic}/${partition}`)).size).toBe(
            round.length,
          )
          expect(size(round.flatMap(chunk => chunk.records))).toBeLessThanOrEqual(limits.totalBytes)
          for (const chunk of round) expect(size(chunk.records)).toBeLessThanOrEqual(limits.partitionBytes)
        }
      }),
    )
  })

  it('send a record over the limits alone', () => {
    const big = { topic: 'a', partition: 0, key: null, value: Buffer.alloc(2000) }
    const small = { ...big, value: Buffer.alloc(1) }
    expect(
      cutIntoRounds([small, big, small], limits).map(round => round.flatMap(c => c.records.length)),
    ).toEqual([[1], [1], [1]])
  })

  it('are none when a record is too large, and the error names topic and size', () => {
    const big = { topic: 'a', partition: 3, key: null, value: Buffer.alloc(2000) }
    expect(() => refuseTooLarge([big], 1000)).toThrow(
      expect.objectContaining({
        code: 'kafka.record_too_large',
        where: 'a/3',
        message: expect.stringContaining('2035 bytes'),
      }),
    )
  })
})

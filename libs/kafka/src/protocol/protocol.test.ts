import { describe, expect, it } from '@jest/globals'
import type { KafkajsBroker } from '../connect/kafkajs.ts'
import type { Membership } from '../types.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { offsetFetch } from './offset-fetch.ts'
import { type Call, sendTo } from './request.ts'
import { txnOffsetCommit } from './txn-offset-commit.ts'

const bytes = (...parts: string[]): Buffer => Buffer.from(parts.join('').replace(/ /g, ''), 'hex')
const hex = (call: Call<unknown>): string => call.body.take().toString('hex')
const typeOf = (run: () => unknown): unknown => {
  try {
    run()
    return 'no error'
  } catch (error) {
    return (error as { type?: string }).type
  }
}

const membership: Membership = { groupId: 'g', memberId: 'm1', generationId: 5, assignment: { in: [2] } }
const identity = { transactionalId: 'tx', producerId: '7', producerEpoch: 1 }

describe('TxnOffsetCommit v3', () => {
  const call = txnOffsetCommit(identity, membership, [{ topic: 'in', partition: 2, next: 258n }])

  it('carries member and generation', () => {
    const expected = bytes(
      '00', // tags: end of request header v2
      '03 7478 02 67', // transactional_id "tx", group_id "g"
      '0000000000000007 0001', // producer_id, producer_epoch
      '00000005 03 6d31 00', // generation_id, member_id "m1", group_instance_id null
      '02 03 696e', // one topic: "in"
      '02 00000002 0000000000000102 ffffffff 01 00', // partition, offset, leader epoch, metadata "", tags
      '00 00', // tags of topic, of body
    )
    expect(hex(call)).toBe(expected.toString('hex'))
    expect([call.apiKey, call.apiVersion]).toEqual([28, 3])
  })

  it('reads the answer and throws its error', () => {
    const answer = (code: string, tags = '00') =>
      call.read(bytes(tags, '0000000a', '02 03 696e', '02 00000002', code, tags, '00 00'))
    expect(answer('0000')).toEqual({ throttleMs: 10, value: undefined })
    expect(answer('0000', '01 00 03 aabbcc').throttleMs).toBe(10)
    expect(typeOf(() => answer('0016'))).toBe('ILLEGAL_GENERATION')
    expect(typeOf(() => answer('0019'))).toBe('UNKNOWN_MEMBER_ID')
    expect(typeOf(() => answer('005a'))).toBe('PRODUCER_FENCED')
  })
})

describe('OffsetFetch v7', () => {
  const call = offsetFetch('g', { in: [2] })
  const answer = (code: string, group = '0000', tags = '00') =>
    call.read(
      bytes(
        tags,
        '00000000 02 03 696e 02 00000002 0000000000000102 ffffffff 03 6162',
        code,
        tags,
        '00',
        group,
        '00',
      ),
    )

  it('asks for stable offsets', () => {
    expect(hex(call)).toBe(bytes('00 02 67 02 03 696e 02 00000002 00 01 00').toString('hex'))
    expect([call.apiKey, call.apiVersion]).toEqual([9, 7])
  })

  it('reads offset and metadata, skips unknown tags', () => {
    const expected = [{ topic: 'in', partition: 2, next: 258n, metadata: 'ab' }]
    expect(answer('0000').value).toEqual(expected)
    expect(answer('0000', '0000', '01 00 03 aabbcc').value).toEqual(expected)
  })

  it('reads "nothing committed" as null', () => {
    const none = bytes('00 00000000 02 03 696e 02 00000002 ffffffffffffffff ffffffff 01 0000 00 00 0000 00')
    expect(call.read(none).value).toEqual([{ topic: 'in', partition: 2, next: null, metadata: '' }])
  })

  it('tells real errors before "unstable"', () => {
    expect(typeOf(() => answer('0058'))).toBe('UNSTABLE_OFFSET_COMMIT')
    expect(typeOf(() => answer('0058', '0010'))).toBe('NOT_COORDINATOR_FOR_GROUP')
  })
})

describe('sendTo', () => {
  it('refuses a broker without the version (06 E6)', async () => {
    const broker = { versions: { 28: { minVersion: 0, maxVersion: 2 } } } as unknown as KafkajsBroker
    const call = txnOffsetCommit(identity, membership, [{ topic: 'in', partition: 2, next: 1n }])
    await expect(sendTo(broker, call)).rejects.toMatchObject({ code: 'kafka.broker_too_old' })
  })
})

describe('bytes', () => {
  it('varints round trip', () => {
    for (const value of [0, 1, 127, 128, 300, 2 ** 31, 2 ** 40]) {
      expect(new ByteReader(new ByteWriter().unsignedVarint(value).take()).unsignedVarint()).toBe(value)
    }
  })

  it('never reads past the end', () => {
    expect(() => new ByteReader(Buffer.alloc(3)).int32()).toThrow(RangeError)
    expect(() => new ByteReader(Buffer.alloc(3)).slice(4)).toThrow(RangeError)
  })
})

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createKafka, type Kafka } from '@headrace/kafka'
import { readCommitted } from '@headrace/kafka/testing'
import { backends, uniqueName } from '@headrace/testkit'
import { CapturePosition, topicNames } from '@headrace/wire'
import { resetSource } from './reset-source.ts'

describe('resetSource (03 C1, C3)', () => {
  const name = uniqueName('reset')
  const topics = topicNames(name)
  const slot = 'headrace_reset'
  let kafka: Kafka
  beforeAll(async () => {
    kafka = createKafka({ brokers: backends().kafkaBrokers, clientId: name })
    await kafka.admin.ensure([{ topic: topics.positions, partitions: 1, config: {} }])
  })
  afterAll(async () => {
    await kafka.admin.delete([topics.positions])
    await kafka.stop()
  })

  it('does nothing where capture has not begun', async () => {
    expect(await resetSource(kafka, { name, topics }, { slot })).toBeUndefined()
    expect(await readCommitted(kafka, topics.positions)).toEqual([])
  })

  it('begins the next epoch with an unfinished load, and fences the capture that runs', async () => {
    const capture = await kafka.writer({ name: `${name}.capture.${slot}` })
    const position: CapturePosition = {
      ...CapturePosition.decode(new Uint8Array()),
      slot,
      epoch: 3,
      commitLsn: 77n,
      acknowledgedLsn: 80n,
      systemIdentifier: 's',
      complete: true,
      snapshot: { consistentLsn: 5n, finished: true, tables: [] },
    }
    const record = {
      topic: topics.positions,
      partition: 0,
      key: Buffer.from(slot),
      value: Buffer.from(CapturePosition.encode(position).finish()),
    }
    await capture.write({ records: [record] })
    expect(await resetSource(kafka, { name, topics }, { slot })).toBe(4)
    await expect(capture.write({ records: [record] })).rejects.toMatchObject({ code: 'kafka.writer_fenced' })
    await capture.stop()
    // a table may come from it to this source: what it brought must not win
    const other = { ...position, slot: 'headrace_other', epoch: 9 }
    const otherCapture = await kafka.writer({ name: `${name}.capture.${other.slot}` })
    const value = Buffer.from(CapturePosition.encode(other).finish())
    await otherCapture.write({ records: [{ ...record, key: Buffer.from(other.slot), value }] })
    await otherCapture.stop()
    expect(await resetSource(kafka, { name, topics }, { slot })).toBe(10)
    const values: Buffer[] = []
    const reader = kafka.reader()
    for await (const { records } of reader.readToEnd(topics.positions, 0, 0n)) {
      for (const { value } of records) if (value !== null) values.push(Buffer.from(value))
    }
    expect(CapturePosition.decode(values.at(-1)!)).toMatchObject({
      slot,
      epoch: 10,
      complete: false,
      snapshot: { finished: false },
    })
  })
})

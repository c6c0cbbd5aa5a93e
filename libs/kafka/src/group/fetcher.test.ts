import { describe, expect, it } from '@jest/globals'
import type { FetchedPartition } from '../protocol/fetch.ts'
import { writeRecordBatch } from '../protocol/record-batch-writer.ts'
import { limitsOf } from '../limits.ts'
import { partitionKey } from '../writer/chunks.ts'
import { BatchQueue } from './batch-queue.ts'
import { Fetcher } from './fetcher.ts'

const identity = { producerId: 1n, producerEpoch: 0, firstSequence: 0 }
const sent = { topic: 't', partition: 0, key: null, value: Buffer.from('v') }

describe('fetcher', () => {
  it('takes what it has read for stable, whatever the broker says of the time before it read', async () => {
    const part: FetchedPartition = {
      topic: 't',
      partition: 0,
      errorCode: 0,
      lastStableOffset: 0n,
      aborted: [],
      data: writeRecordBatch([sent, sent, sent], identity, 0, 0),
    }
    const answers = [Promise.resolve({ value: [part] }), new Promise(() => undefined)]
    const broker = {
      versions: { 1: { minVersion: 0, maxVersion: 17 } },
      connectionPool: { send: () => answers.shift() },
    }
    const client = { leader: () => Promise.resolve(1), broker: () => Promise.resolve(broker) }
    const queue = new BatchQueue(partitionKey)
    await new Promise<void>((arrived, failed) => {
      const options = { ...limitsOf(), log: () => undefined }
      new Fetcher(client as never, queue, options, { arrived, failed }).start('t', 0, 0n)
    })
    expect(queue.take(10)).toMatchObject([{ next: 3n, endOffset: 3n }])
  })
})

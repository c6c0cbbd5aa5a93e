import { describe, expect, it } from '@jest/globals'
import { partitionKey } from '../writer/chunks.ts'
import { BatchQueue, type QueuedBatch } from './batch-queue.ts'

const batch = (partition: number, first: number, count: number): QueuedBatch => ({
  topic: 't',
  partition,
  records: Array.from({ length: count }, (_, i) => ({
    offset: BigInt(first + i),
    key: null,
    value: null,
    timestamp: first + i,
  })),
  next: BigInt(first + count + 1), // a marker follows
  endOffset: 100n,
  bytes: count * 10,
})

describe('queue between fetching and working', () => {
  it('cuts a batch and keeps its rest first, and its last position', () => {
    const queue = new BatchQueue(partitionKey)
    queue.push(batch(0, 0, 5))
    queue.push(batch(1, 0, 2))
    expect(queue.take(3).map(b => [b.partition, b.records.length, b.next])).toEqual([[0, 3, 3n]])
    expect(queue.bytes).toBe(40)
    expect(queue.take(100).map(b => [b.partition, b.records.length, b.next])).toEqual([
      [0, 2, 6n],
      [1, 2, 3n],
    ])
    expect([queue.bytes, queue.isEmpty, queue.bytesOf('t', 0)]).toEqual([0, true, 0])
  })

  it('drops one partition and counts it out', () => {
    const queue = new BatchQueue(partitionKey)
    queue.push(batch(0, 0, 5))
    queue.push(batch(1, 7, 2))
    queue.drop('t', 0)
    expect([queue.bytes, queue.bytesOf('t', 0), queue.bytesOf('t', 1)]).toEqual([20, 0, 20])
    expect(queue.oldest('t', 1)?.offset).toBe(7n)
  })

  it('passes positions without records on', () => {
    const queue = new BatchQueue(partitionKey)
    queue.push(batch(0, 9, 0))
    expect(queue.take(1)).toMatchObject([{ records: [], next: 10n }])
  })
})

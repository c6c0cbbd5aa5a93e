import type { IncomingRecord } from '../types.ts'

/** What was fetched of one partition at once. */
export interface QueuedBatch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly IncomingRecord[]
  readonly next: bigint
  readonly endOffset: bigint
  /** Of the answer's part it came in, compressed or not. */
  readonly bytes: number
}

/** Fetched and not yet taken, oldest first. Knows its bytes, altogether and by partition. */
export class BatchQueue {
  #entries: QueuedBatch[] = []
  #bytes = 0
  readonly #byPartition = new Map<string, number>()
  readonly #keyOf: (topic: string, partition: number) => string

  constructor(keyOf: (topic: string, partition: number) => string) {
    this.#keyOf = keyOf
  }

  get bytes(): number {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  bytesOf(topic: string, partition: number): number {
    return this.#byPartition.get(this.#keyOf(topic, partition)) ?? 0
  }

  /** The oldest record of a partition that waits. */
  oldest(topic: string, partition: number): IncomingRecord | undefined {
    return this.#entries.find(
      entry => entry.topic === topic && entry.partition === partition && entry.records.length > 0,
    )?.records[0]
  }

  push(batch: QueuedBatch): void {
    this.#entries.push(batch)
    this.#count(batch, batch.bytes)
  }

  /** At most `maxRecords` records; a batch is cut if need be, its rest stays first. */
  take(maxRecords: number): QueuedBatch[] {
    const taken: QueuedBatch[] = []
    let room = Math.max(1, maxRecords)
    while (this.#entries.length > 0 && room > 0) {
      const first = this.#entries.shift() as QueuedBatch
      this.#count(first, -first.bytes)
      if (first.records.length <= room) {
        taken.push(first)
        room -= first.records.length
        continue
      }
      const [head, rest] = cut(first, room)
      taken.push(head)
      this.#entries.unshift(rest)
      this.#count(rest, rest.bytes)
      room = 0
    }
    return taken
  }

  drop(topic: string, partition: number): void {
    for (const entry of this.#entries)
      if (entry.topic === topic && entry.partition === partition) this.#count(entry, -entry.bytes)
    this.#entries = this.#entries.filter(entry => entry.topic !== topic || entry.partition !== partition)
  }

  clear(): void {
    this.#entries = []
    this.#bytes = 0
    this.#byPartition.clear()
  }

  #count({ topic, partition }: QueuedBatch, bytes: number): void {
    const key = this.#keyOf(topic, partition)
    this.#bytes += bytes
    this.#byPartition.set(key, (this.#byPartition.get(key) ?? 0) + bytes)
  }
}

const cut = (batch: QueuedBatch, count: number): [QueuedBatch, QueuedBatch] => {
  const share = Math.round((batch.bytes * count) / batch.records.length)
  const head = batch.records.slice(0, count)
  const last = head[count - 1] as IncomingRecord
  return [
    { ...batch, records: head, next: last.offset + 1n, bytes: share },
    { ...batch, records: batch.records.slice(count), bytes: batch.bytes - share },
  ]
}

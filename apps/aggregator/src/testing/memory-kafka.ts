import { HeadraceError } from '@headrace/errors'
import type {
  Batch,
  CommittedOffset,
  IncomingRecord,
  Membership,
  OutgoingRecord,
  PartitionReader,
  TransactionWork,
} from '@headrace/kafka'
import type { Random } from '@headrace/testkit'
import { isMarkerKey } from '@headrace/wire'

interface Log {
  records: IncomingRecord[]
  end: bigint
}

interface Part {
  readonly records: readonly IncomingRecord[]
  readonly next: bigint
}

const nameOf = (topic: string, partition: number): string => `${topic}/${partition}`

/**
 * What the aggregator relies on of Kafka, in memory, for schedules that no broker could run by the thousand: logs with gaps
 * (ends of transactions, compaction), atomic transactions fenced by the group's generation, committed offsets with metadata.
 */
export class MemoryKafka {
  private readonly logs = new Map<string, Log>()
  private readonly offsets = new Map<string, CommittedOffset>()
  private readonly random: Random
  private wake: (() => void)[] = []
  /** Of the group. */
  generation = 0
  /** ms, of the records that are written. */
  now = 0

  constructor(random: Random) {
    this.random = random
  }

  private log(topic: string, partition: number): Log {
    const name = nameOf(topic, partition)
    let log = this.logs.get(name)
    if (log === undefined) this.logs.set(name, (log = { records: [], end: 0n }))
    return log
  }

  /** One transaction: all of it, or kafka.fenced. */
  transact({ records, from }: TransactionWork): void {
    if (from !== undefined && from.membership.generationId !== this.generation)
      throw new HeadraceError('kafka.fenced', 'the generation is over')
    const touched = new Set<Log>()
    for (const record of records) touched.add(this.append(record))
    // the record that ends the transaction
    for (const log of touched) log.end++
    for (const { topic, partition, next, metadata = '' } of from?.offsets ?? [])
      this.offsets.set(nameOf(topic, partition), { topic, partition, next, metadata })
    const { wake } = this
    this.wake = []
    for (const goOn of wake) goOn()
  }

  private append({ topic, partition, key, value }: OutgoingRecord): Log {
    const log = this.log(topic, partition)
    log.records.push({ offset: log.end, key, value, timestamp: this.now })
    log.end++
    return log
  }

  /** Compaction of one log: records that a later one of their key replaces may go, and did up to a random offset. */
  compact(): number {
    const logs = [...this.logs.values()].filter(log => log.records.length > 0)
    if (logs.length === 0) return 0
    const log = this.random.pick(logs)
    const dirtyFrom = this.random.int(0, log.records.length)
    const last = new Map<string, bigint>()
    for (const { key, offset } of log.records.slice(0, dirtyFrom)) last.set(key!.toString('latin1'), offset)
    const before = log.records.length
    log.records = log.records.filter(
      ({ key, offset }, index) => index >= dirtyFrom || last.get(key!.toString('latin1')) === offset,
    )
    return before - log.records.length
  }

  /** What compaction does once delete.retention.ms is over; the ends of the transactions stay. */
  forgetTombstones(): void {
    for (const log of this.logs.values()) log.records = log.records.filter(({ value }) => value !== null)
  }

  /** Deletes a topic and makes it anew; `first` is what its partitions begin with. */
  recreate(topic: string, partitions: number, first: Pick<OutgoingRecord, 'key' | 'value'>): void {
    for (let partition = 0; partition < partitions; partition++) {
      this.logs.delete(nameOf(topic, partition))
      this.transact({ records: [{ topic, partition, ...first }] })
    }
  }

  committed(topics: Readonly<Record<string, readonly number[]>>): Promise<readonly CommittedOffset[]> {
    return Promise.resolve(
      Object.entries(topics).flatMap(([topic, partitions]) =>
        partitions.map(
          partition =>
            this.offsets.get(nameOf(topic, partition)) ?? { topic, partition, next: null, metadata: '' },
        ),
      ),
    )
  }

  /** The last value of each key of a topic, markers left out. */
  latest(topic: string, partitions: number): Map<string, Buffer> {
    const latest = new Map<string, Buffer>()
    for (let partition = 0; partition < partitions; partition++) {
      for (const { key, value } of this.log(topic, partition).records) {
        if (isMarkerKey(key)) continue
        if (value === null) latest.delete(key!.toString())
        else latest.set(key!.toString(), value)
      }
    }
    return latest
  }

  /** Up to `limit` records from `from` on; `next` is behind gaps at the end of the log only. */
  read(topic: string, partition: number, from: bigint, limit: number): Part & { readonly end: bigint } {
    const { records: all, end } = this.log(topic, partition)
    const begin = firstAt(all, from)
    const records = all.slice(begin, begin + limit)
    const last = records[records.length - 1]
    const isEnd = begin + records.length === all.length
    return { records, next: isEnd ? end : last === undefined ? from : last.offset + 1n, end }
  }

  /** `onPart` is called before each part that is read. */
  reader(onPart: () => void = () => undefined): PartitionReader {
    const size = (): number => this.random.int(1, 12)
    const nextPart = (topic: string, partition: number, at: bigint): Part =>
      this.read(topic, partition, at, size())
    const grown = (signal: AbortSignal): Promise<void> =>
      new Promise(resolve => {
        this.wake.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    const bounds = (topic: string, partition: number) =>
      Promise.resolve({ start: 0n, end: this.log(topic, partition).end })
    return {
      bounds,
      written: async (topic, partition) => (await bounds(topic, partition)).end,
      async *readToEnd(topic, partition, from, signal) {
        const { end } = await bounds(topic, partition)
        for (let at = from; at < end && signal?.aborted !== true;) {
          onPart()
          const part = nextPart(topic, partition, at)
          at = part.next
          yield part
        }
      },
      async *follow(topic, partition, from, signal) {
        for (let at = from; !signal.aborted;) {
          const part = nextPart(topic, partition, at)
          if (part.next === at) await grown(signal)
          else {
            at = part.next
            yield part
          }
        }
      },
      stop: () => Promise.resolve(),
    }
  }

  consumer(): MemoryConsumer {
    return new MemoryConsumer(this, this.random)
  }
}

/** First record at or behind an offset. */
const firstAt = (records: readonly IncomingRecord[], offset: bigint): number => {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (records[middle]!.offset < offset) low = middle + 1
    else high = middle
  }
  return low
}

/** The group consumer of one instance in one generation. */
export class MemoryConsumer {
  private readonly kafka: MemoryKafka
  private readonly random: Random
  private readonly positions = new Map<string, { topic: string; partition: number; next: bigint }>()
  membership: Membership | undefined

  constructor(kafka: MemoryKafka, random: Random) {
    this.kafka = kafka
    this.random = random
  }

  startPartition(membership: Membership, topic: string, partition: number, next: bigint): void {
    this.membership = membership
    this.positions.set(nameOf(topic, partition), { topic, partition, next })
  }

  committed(topics: Readonly<Record<string, readonly number[]>>): Promise<readonly CommittedOffset[]> {
    return this.kafka.committed(topics)
  }

  /** Some of what is there, of some partitions. */
  poll(): Promise<readonly Batch[]> {
    const batches: Batch[] = []
    for (const position of this.random.shuffled([...this.positions.values()])) {
      if (this.random.chance(0.4)) continue
      const { topic, partition, next: from } = position
      const { records, next, end } = this.kafka.read(topic, partition, from, this.random.int(1, 15))
      if (next === from) continue
      position.next = next
      batches.push({ topic, partition, records, next, endOffset: end, membership: this.membership! })
    }
    return Promise.resolve(batches)
  }
}

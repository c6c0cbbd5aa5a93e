import { HeadraceError } from '@headrace/errors'
import { recordBytes } from '../protocol/record-batch-writer.ts'
import type { OutgoingRecord } from '../types.ts'

/** Records of one partition that go out as one record batch. */
export interface PartitionChunk {
  readonly topic: string
  readonly partition: number
  readonly records: OutgoingRecord[]
}

export interface ChunkLimits {
  /** Per partition: a record batch must stay under the broker's message.max.bytes (1 MiB). */
  readonly partitionBytes: number
  /** Per round of produce requests. */
  readonly totalBytes: number
}

export const CHUNK_LIMITS: ChunkLimits = { partitionBytes: 900_000, totalBytes: 4_000_000 }

/** @throws HeadraceError kafka.record_too_large, before anything is sent */
export const refuseTooLarge = (records: readonly OutgoingRecord[], maxRecordBytes: number): void => {
  for (const record of records) {
    const bytes = recordBytes(record)
    if (bytes > maxRecordBytes) {
      throw new HeadraceError(
        'kafka.record_too_large',
        `a record of ${bytes} bytes is over the limit of ${maxRecordBytes}`,
        {
          where: `${record.topic}/${record.partition}`,
        },
      )
    }
  }
}

/** Identifies a partition. Topic names hold no slash. */
export const partitionKey = (topic: string, partition: number): string => `${topic}/${partition}`

/** Cuts records into rounds; within a partition the order stays. A record over the limits goes out alone. */
export const cutIntoRounds = (
  records: readonly OutgoingRecord[],
  { partitionBytes, totalBytes }: ChunkLimits = CHUNK_LIMITS,
): PartitionChunk[][] => {
  const rounds: PartitionChunk[][] = []
  let round = new Map<string, PartitionChunk & { bytes: number }>()
  let total = 0
  const close = (): void => {
    if (round.size > 0)
      rounds.push(
        [...round.values()].map(({ topic, partition, records: own }) => ({ topic, partition, records: own })),
      )
    round = new Map()
    total = 0
  }
  for (const record of records) {
    const key = partitionKey(record.topic, record.partition)
    const bytes = recordBytes(record)
    if (total + bytes > totalBytes || (round.get(key)?.bytes ?? 0) + bytes > partitionBytes) close()
    const chunk = round.get(key) ?? {
      topic: record.topic,
      partition: record.partition,
      records: [],
      bytes: 0,
    }
    chunk.records.push(record)
    chunk.bytes += bytes
    total += bytes
    round.set(key, chunk)
  }
  close()
  return rounds
}

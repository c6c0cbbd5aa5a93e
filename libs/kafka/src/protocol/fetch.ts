import { ByteReader, ByteWriter } from './bytes.ts'
import type { AbortedTransaction } from './record-batch-reader.ts'
import type { Answer, Call } from './request.ts'
import { byTopic } from './txn-offset-commit.ts'

export interface FetchTarget {
  readonly topic: string
  readonly partition: number
  readonly position: bigint
}

export interface FetchLimits {
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly maxBytesPerPartition: number
}

/** What a broker says about one partition. The error is the caller's to judge. */
export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly lastStableOffset: bigint
  readonly aborted: readonly AbortedTransaction[]
  /** Record batches as they stand in the log; a slice of the answer. */
  readonly data: Buffer
}

const READ_COMMITTED = 1
/** Beyond the wait that was asked for. */
const ANSWER_MS = 10_000

/** Fetch v11, always read_committed, without a fetch session. Partitions are served in the order given. */
export const fetchRequest = (
  targets: readonly FetchTarget[],
  limits: FetchLimits,
): Call<FetchedPartition[]> => {
  const body = new ByteWriter()
  body.int32(-1).int32(limits.maxWaitMs).int32(limits.minBytes).int32(limits.maxBytes)
  body.int8(READ_COMMITTED).int32(0).int32(-1)
  body.array(byTopic(targets), ([topic, partitions]) => {
    body.string(topic).array(partitions, ({ partition, position }) => {
      body.int32(partition).int32(-1).int64(position).int64(-1n).int32(limits.maxBytesPerPartition)
    })
  })
  body.int32(0).string('')
  const timeoutMs = limits.maxWaitMs + ANSWER_MS
  return { apiKey: 1, apiVersion: 11, apiName: 'Fetch', body, read: readFetch, timeoutMs }
}

const readPartition = (reader: ByteReader, topic: string): FetchedPartition => {
  const partition = reader.int32()
  const errorCode = reader.int16()
  reader.int64() // high watermark
  const lastStableOffset = reader.int64()
  reader.int64() // log start
  const aborted = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }))
  reader.int32() // preferred replica
  const data = reader.slice(Math.max(0, reader.int32()))
  return { topic, partition, errorCode, lastStableOffset, aborted, data }
}

const readFetch = (payload: Buffer): Answer<FetchedPartition[]> => {
  const reader = new ByteReader(payload)
  const throttleMs = reader.int32()
  reader.int16() // session error: there is no session
  reader.int32()
  const value = reader
    .array(() => {
      const topic = reader.string()
      return reader.array(() => readPartition(reader, topic))
    })
    .flat()
  return { throttleMs, value }
}

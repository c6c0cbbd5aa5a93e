import { ByteReader, ByteWriter } from './bytes.ts'
import type { Answer, Call } from './request.ts'
import { byTopic } from './txn-offset-commit.ts'

export interface ProducePart {
  readonly topic: string
  readonly partition: number
  readonly batch: Buffer
}

export interface ProduceResult {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
}

const ACKS_ALL = -1

/** Produce v7: one record batch per partition. Errors are per partition and the caller's to judge. */
export const produceRequest = (
  transactionalId: string,
  parts: readonly ProducePart[],
  timeoutMs: number,
): Call<ProduceResult[]> => {
  const body = new ByteWriter(parts.reduce((sum, { batch }) => sum + batch.length, 1024))
  body.string(transactionalId).int16(ACKS_ALL).int32(timeoutMs)
  body.array(byTopic(parts), ([topic, partitions]) => {
    body.string(topic).array(partitions, ({ partition, batch }) => {
      body.int32(partition).int32(batch.length).bytes(batch)
    })
  })
  return { apiKey: 0, apiVersion: 7, apiName: 'Produce', body, read: readProduce }
}

const readProduce = (payload: Buffer): Answer<ProduceResult[]> => {
  const reader = new ByteReader(payload)
  const value = reader
    .array(() => {
      const topic = reader.string()
      return reader.array(() => {
        const partition = reader.int32()
        const errorCode = reader.int16()
        reader.int64() // base offset
        reader.int64() // log append time
        reader.int64() // log start offset (v5 and newer)
        return { topic, partition, errorCode }
      })
    })
    .flat()
  return { throttleMs: reader.int32(), value }
}

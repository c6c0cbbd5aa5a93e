import type { ClusterClient } from '../connect/cluster-client.ts'
import { createErrorFromCode } from '../connect/kafkajs.ts'
import { ByteReader, ByteWriter } from '../protocol/bytes.ts'
import type { Call } from '../protocol/request.ts'

/** DeleteRecords v0: the log begins at `before` afterwards, as after retention. */
export const deleteRecords = async (
  client: ClusterClient,
  topic: string,
  partition: number,
  before: bigint,
): Promise<void> => {
  const body = new ByteWriter()
  body.array([topic], name => {
    body.string(name).array([partition], p => body.int32(p).int64(before))
  })
  body.int32(10_000)
  const read = (payload: Buffer): { throttleMs: number; value: undefined } => {
    const reader = new ByteReader(payload)
    const throttleMs = reader.int32()
    reader.array(() => {
      reader.string()
      return reader.array(() => {
        reader.int32()
        reader.int64()
        const code = reader.int16()
        if (code !== 0) throw createErrorFromCode(code)
      })
    })
    return { throttleMs, value: undefined }
  }
  const call: Call<undefined> = { apiKey: 21, apiVersion: 0, apiName: 'DeleteRecords', body, read }
  await client.atLeader(topic, partition, call)
}

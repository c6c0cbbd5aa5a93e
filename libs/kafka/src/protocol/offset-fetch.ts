import { createErrorFromCode } from '../connect/kafkajs.ts'
import type { CommittedOffset } from '../types.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { Answer, Call } from './request.ts'

export const UNSTABLE_OFFSET_COMMIT = 88

/** OffsetFetch v7 with require_stable: no offset is told while a transaction on it is open (06 E4). */
export const offsetFetch = (
  groupId: string,
  topics: Readonly<Record<string, readonly number[]>>,
): Call<CommittedOffset[]> => {
  const body = new ByteWriter().noTags().compactString(groupId)
  body.compactArray(Object.entries(topics), ([topic, partitions]) => {
    body
      .compactString(topic)
      .compactArray(partitions, partition => body.int32(partition))
      .noTags()
  })
  body.boolean(true).noTags()
  return { apiKey: 9, apiVersion: 7, apiName: 'OffsetFetch', body, read: readOffsetFetch }
}

const readOffsetFetch = (payload: Buffer): Answer<CommittedOffset[]> => {
  const reader = new ByteReader(payload)
  const codes: number[] = []
  reader.skipTags() // response header v1
  const throttleMs = reader.int32()
  const offsets = reader.compactArray(() => {
    const topic = reader.compactString() ?? ''
    const partitions = reader.compactArray(() => {
      const partition = reader.int32()
      const offset = reader.int64()
      reader.int32() // leader epoch
      const metadata = reader.compactString() ?? ''
      codes.push(reader.int16())
      reader.skipTags()
      return { topic, partition, next: offset < 0n ? null : offset, metadata }
    })
    reader.skipTags()
    return partitions
  })
  codes.push(reader.int16())
  // a real error first: "unstable" only means "ask again"
  const failed = codes.filter(code => code !== 0)
  const worst = failed.find(code => code !== UNSTABLE_OFFSET_COMMIT) ?? failed[0]
  if (worst !== undefined) throw createErrorFromCode(worst)
  return { throttleMs, value: offsets.flat() }
}

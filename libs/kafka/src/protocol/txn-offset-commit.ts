import { createErrorFromCode, type ProducerIdentity } from '../connect/kafkajs.ts'
import type { CommitOffset, Membership } from '../types.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { Answer, Call } from './request.ts'

/** Offsets of one group by topic, in the order given. */
export const byTopic = <T extends { readonly topic: string }>(items: readonly T[]): [string, T[]][] => {
  const topics = new Map<string, T[]>()
  for (const item of items) {
    const list = topics.get(item.topic)
    if (list) list.push(item)
    else topics.set(item.topic, [item])
  }
  return [...topics]
}

/**
 * TxnOffsetCommit v3 (KIP-447): offsets that belong to a transaction, with the membership they were read under, so
 * that the broker refuses a member of an old generation (06 E4). The first byte ends the tags of request header v2.
 */
export const txnOffsetCommit = (
  identity: ProducerIdentity,
  membership: Membership,
  offsets: readonly CommitOffset[],
): Call<void> => {
  const body = new ByteWriter().noTags()
  body.compactString(identity.transactionalId).compactString(membership.groupId)
  body.int64(BigInt(identity.producerId)).int16(identity.producerEpoch)
  body.int32(membership.generationId).compactString(membership.memberId).compactString(null)
  body.compactArray(byTopic(offsets), ([topic, partitions]) => {
    body.compactString(topic).compactArray(partitions, ({ partition, next, metadata }) => {
      // leader epoch -1: not known here
      body
        .int32(partition)
        .int64(next)
        .int32(-1)
        .compactString(metadata ?? '')
        .noTags()
    })
    body.noTags()
  })
  body.noTags()
  return { apiKey: 28, apiVersion: 3, apiName: 'TxnOffsetCommit', body, read: readTxnOffsetCommit }
}

const readTxnOffsetCommit = (payload: Buffer): Answer<void> => {
  const reader = new ByteReader(payload)
  reader.skipTags() // response header v1
  const throttleMs = reader.int32()
  const codes = reader.compactArray(() => {
    reader.compactString()
    const partitions = reader.compactArray(() => {
      reader.int32()
      const code = reader.int16()
      reader.skipTags()
      return code
    })
    reader.skipTags()
    return partitions
  })
  const failed = codes.flat().find(code => code !== 0)
  if (failed !== undefined) throw createErrorFromCode(failed)
  return { throttleMs, value: undefined }
}

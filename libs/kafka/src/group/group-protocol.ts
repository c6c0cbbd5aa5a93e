import { ByteReader, ByteWriter } from '../protocol/bytes.ts'
import type { GroupMemberInfo } from './assigner.ts'

/* The bytes that members exchange through the coordinator (Kafka's "consumer" protocol, version 0). */

/** All members of a group must offer the same name. */
export const ASSIGNER_NAME = 'headrace-sticky-1'

const PROTOCOL_VERSION = 0

const writeBytes = (writer: ByteWriter, data: Buffer): ByteWriter => writer.int32(data.length).bytes(data)

export const encodeSubscription = (info: Omit<GroupMemberInfo, 'memberId'>): Buffer => {
  const { name, generation, previous } = info
  const writer = new ByteWriter().int16(PROTOCOL_VERSION)
  writer.array(info.topics, topic => writer.string(topic))
  return writeBytes(writer, Buffer.from(JSON.stringify({ name, generation, previous }))).take()
}

interface UserData {
  readonly name: string
  readonly generation: number
  readonly previous: Readonly<Record<string, readonly number[]>>
}

const isUserData = (value: unknown): value is UserData =>
  typeof value === 'object' &&
  value !== null &&
  'name' in value &&
  typeof value.name === 'string' &&
  'generation' in value &&
  typeof value.generation === 'number' &&
  'previous' in value &&
  typeof value.previous === 'object' &&
  value.previous !== null &&
  Object.values(value.previous).every(list => Array.isArray(list) && list.every(p => Number.isInteger(p)))

const parseUserData = (data: Buffer): UserData | undefined => {
  try {
    const value: unknown = JSON.parse(data.toString())
    return isUserData(value) ? value : undefined
  } catch {
    return undefined // another version's: its claims are not known, that is all
  }
}

export const decodeSubscription = (memberId: string, data: Buffer): GroupMemberInfo => {
  const reader = new ByteReader(data)
  reader.int16()
  const topics = reader.array(() => reader.string())
  const userData = parseUserData(reader.slice(Math.max(0, reader.int32())))
  return {
    memberId,
    topics,
    name: userData?.name ?? memberId,
    generation: userData?.generation ?? -1,
    previous: userData?.previous ?? {},
  }
}

export const encodeAssignment = (assignment: Readonly<Record<string, readonly number[]>>): Buffer => {
  const writer = new ByteWriter().int16(PROTOCOL_VERSION)
  writer.array(Object.entries(assignment), ([topic, partitions]) => {
    writer.string(topic).array(partitions, partition => writer.int32(partition))
  })
  return writeBytes(writer, Buffer.alloc(0)).take()
}

/** An empty answer is an empty assignment. */
export const decodeAssignment = (data: Buffer): Record<string, number[]> => {
  if (data.length === 0) return {}
  const reader = new ByteReader(data)
  reader.int16()
  return Object.fromEntries(
    reader.array(() => [reader.string(), reader.array(() => reader.int32())] as const),
  )
}

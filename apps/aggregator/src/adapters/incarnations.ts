import { createHash } from 'node:crypto'
import type { PartitionReader } from '@headrace/kafka'
import {
  HopRecord,
  isMarkerKey,
  Marker,
  MARKER_SCHEMA_ID,
  MarkerKind,
  RouteRecord,
  unframe,
} from '@headrace/wire'
import type { ViewInputs } from '../steps/view-inputs.ts'

type Form = 'validated' | 'hop' | 'route'

const markerOf = (form: Form, value: Buffer): Marker | undefined => {
  if (form === 'validated') {
    const { schemaId, payload } = unframe(value)
    return schemaId === MARKER_SCHEMA_ID ? Marker.decode(payload) : undefined
  }
  const { record } = form === 'hop' ? HopRecord.decode(value) : RouteRecord.decode(value)
  return record?.$case === 'marker' ? record.value : undefined
}

/** The id of this making of a partition, '' when it has no marker (design 02 §2.4). */
const incarnationOf = async (
  reader: PartitionReader,
  topic: string,
  partition: number,
  form: Form,
): Promise<string> => {
  const { start } = await reader.bounds(topic, partition)
  for await (const { records } of reader.readToEnd(topic, partition, start)) {
    const [first] = records
    if (first === undefined) continue
    const marker = isMarkerKey(first.key) && first.value !== null ? markerOf(form, first.value) : undefined
    return marker?.kind === MarkerKind.INCARNATION ? marker.incarnation : ''
  }
  return ''
}

/** Incarnations of all topics that the stores of a partition are made from: another one means another store (05 A13). */
export const incarnations = async (
  reader: PartitionReader,
  view: ViewInputs,
  partition: number,
): Promise<Record<string, string>> => {
  const topics: [string, Form][] = [
    ...view.topics.map(({ topic, hop }): [string, Form] => [topic, hop === undefined ? 'validated' : 'hop']),
    ...view.edges.map(({ indexTopic }): [string, Form] => [indexTopic, 'route']),
  ]
  const own = topics.map(
    async ([topic, form]) =>
      [`incarnation:${topic}`, await incarnationOf(reader, topic, partition, form)] as const,
  )
  const broadcasts = view.broadcasts.flatMap(({ topic }) =>
    Array.from(
      { length: view.partitions },
      async (_, each) =>
        [`broadcast:${topic}:${each}`, await incarnationOf(reader, topic, each, 'validated')] as const,
    ),
  )
  return Object.fromEntries(await Promise.all([...own, ...broadcasts]))
}

/** Tells one making of the broadcast topics from another; '' when the view has none. */
export const broadcastMaking = (identity: Readonly<Record<string, string>>): string => {
  const own = Object.entries(identity).filter(([name]) => name.startsWith('broadcast:'))
  if (own.length === 0) return ''
  return createHash('sha256').update(JSON.stringify(own.sort())).digest('hex').slice(0, 8)
}

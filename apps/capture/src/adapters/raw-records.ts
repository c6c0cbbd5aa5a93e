import { fingerprintText } from '@headrace/changes'
import type { OutgoingRecord } from '@headrace/kafka'
import {
  type Marker,
  markerKey,
  type MarkerKind,
  type Position,
  RawRecord,
  RelationDescription,
} from '@headrace/wire'

/** A marker for every partition of a raw topic: its writer knows no keys (03 C10). */
export const markerRecords = (
  topic: string,
  partitions: number,
  kind: MarkerKind,
  position: Position,
): readonly OutgoingRecord[] => {
  const marker: Marker = { kind, position, writer: '', incarnation: '' }
  const key = markerKey(marker)
  const value = Buffer.from(RawRecord.encode({ record: { $case: 'marker', value: marker } }).finish())
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition, key, value }))
}

/** A description for `<p>.relations`; content-derived, so writing it twice is harmless. */
export const relationRecord = (topic: string, description: RelationDescription): OutgoingRecord => ({
  topic,
  partition: 0,
  key: Buffer.from(fingerprintText(description.fingerprint)),
  value: Buffer.from(RelationDescription.encode(description).finish()),
})

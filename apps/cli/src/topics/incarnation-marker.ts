import { randomUUID } from 'node:crypto'
import {
  DocumentRecord,
  frame,
  HopRecord,
  Marker,
  MARKER_SCHEMA_ID,
  markerKey,
  MarkerKind,
  RawRecord,
  RouteRecord,
} from '@headrace/wire'
import type { TopicValues } from './topic-plan.ts'

const wrap = (values: Exclude<TopicValues, 'plain'>, marker: Marker): Uint8Array => {
  switch (values) {
    case 'raw':
      return RawRecord.encode({ record: { $case: 'marker', value: marker } }).finish()
    case 'hop':
      return HopRecord.encode({ record: { $case: 'marker', value: marker } }).finish()
    case 'route':
      return RouteRecord.encode({ record: { $case: 'marker', value: marker } }).finish()
    case 'document':
      return DocumentRecord.encode({ record: { $case: 'marker', value: marker } }).finish()
    case 'validated':
      return frame(MARKER_SCHEMA_ID, Marker.encode(marker).finish())
  }
}

/** Key and value of the record that tells one making of a topic from another (design 02 §2.4), with a random id. */
export const incarnationMarker = (
  values: Exclude<TopicValues, 'plain'>,
  incarnation: string = randomUUID(),
): { readonly key: Buffer; readonly value: Buffer } => {
  const marker: Marker = { kind: MarkerKind.INCARNATION, position: undefined, writer: '', incarnation }
  return { key: markerKey(marker), value: Buffer.from(wrap(values, marker)) }
}

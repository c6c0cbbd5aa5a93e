import { type Marker, MarkerKind } from './generated/headrace/v1/origin.pb.ts'

const KIND_CODES: Record<MarkerKind, number> = {
  [MarkerKind.UNSPECIFIED]: 0x3f,
  [MarkerKind.TRUNCATE]: 0x74,
  [MarkerKind.SWEEP]: 0x73,
  [MarkerKind.PROGRESS]: 0x70,
  [MarkerKind.INCARNATION]: 0x69,
}

/**
 * Key of a marker: 0x00, a letter for its kind, and the writer's name where several write that kind. No Postgres text
 * begins with a zero byte, and it is never four zero bytes (which kafkajs takes for an abort marker).
 */
export const markerKey = (marker: Pick<Marker, 'kind' | 'writer'>): Buffer =>
  Buffer.concat([Buffer.from([0, KIND_CODES[marker.kind]]), Buffer.from(marker.writer)])

export const isMarkerKey = (key: Uint8Array | null): boolean => key !== null && key.length > 0 && key[0] === 0

import type { OutgoingRecord } from '@headrace/kafka'
import {
  type Marker,
  markerKey,
  type MarkerKind,
  Op,
  type Origin,
  partitionOf,
  RawRecord,
  recordKey,
  type Tuple,
} from '@headrace/wire'

/** Column texts; null is SQL NULL, undefined an unchanged TOAST value. */
export type Row = readonly (string | null | undefined)[]

export const origin = (op: Op, ordinal: number): Origin => ({
  source: 'main',
  epoch: 1,
  commitLsn: 0x1000n,
  ordinal,
  xid: 9,
  commitTimeUs: 1_700_000_000_000_000n,
  op,
  snapshot: false,
  repair: false,
  traceId: '',
  contractVersion: '',
  unchanged: [],
})

const tuple = (row: Row): Tuple => ({
  kinds: Buffer.from(row.map(cell => (cell === null ? 'n' : cell === undefined ? 'u' : 't')).join('')),
  values: row.filter(cell => typeof cell === 'string').map(cell => Buffer.from(cell)),
})

const PARTITIONS = 2

/** A raw change as capture writes it, keyed by the row's first column. */
export const rawChange = (
  topic: string,
  relation: bigint,
  op: Op,
  ordinal: number,
  row: Row,
  tooLargeBytes = 0,
): OutgoingRecord => {
  const key = recordKey([row[0] ?? ''])
  const value = RawRecord.encode({
    record: {
      $case: 'change',
      value: {
        origin: origin(op, ordinal),
        relation,
        old: op === Op.DELETE ? tuple(row) : undefined,
        new: op === Op.DELETE ? undefined : tuple(row),
        tooLargeBytes,
      },
    },
  }).finish()
  return { topic, partition: partitionOf(key, PARTITIONS), key: Buffer.from(key), value: Buffer.from(value) }
}

export const rawMarker = (
  topic: string,
  partition: number,
  kind: MarkerKind,
  ordinal: number,
): OutgoingRecord => {
  const marker: Marker = {
    kind,
    position: { epoch: 1, commitLsn: 0x1000n, ordinal },
    writer: '',
    incarnation: 'x',
  }
  const value = Buffer.from(RawRecord.encode({ record: { $case: 'marker', value: marker } }).finish())
  return { topic, partition, key: markerKey(marker), value }
}

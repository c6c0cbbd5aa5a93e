import type { OutgoingRecord } from '../types.ts'
import { compress } from './codecs.ts'
import { crc32c } from './crc32c.ts'

/** Who writes, and the number of the batch's first record in the partition's sequence. */
export interface BatchIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
}

const HEADER_BYTES = 61
const TRANSACTIONAL = 0x10
/** Room for a record's own lengths and deltas. */
const RECORD_OVERHEAD = 35
const HEADER_OVERHEAD = 10

/** Bytes of a record at most, in a batch without compression. */
export const recordBytes = (record: OutgoingRecord): number => {
  let bytes = RECORD_OVERHEAD + (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const [name, value] of Object.entries(record.headers ?? {})) {
    bytes += HEADER_OVERHEAD + Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  return bytes
}

const varintBytes = (value: number): number => {
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  let bytes = 1
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

const writeVarint = (target: Buffer, at: number, value: number): number => {
  let rest = value < 0 ? -value * 2 - 1 : value * 2
  let to = at
  for (; rest > 127; rest = Math.floor(rest / 128)) target[to++] = (rest % 128) | 128
  target[to++] = rest
  return to
}

const writeField = (target: Buffer, at: number, value: Buffer | null): number => {
  if (value === null) return writeVarint(target, at, -1)
  const to = writeVarint(target, at, value.length)
  return to + value.copy(target, to)
}

const fieldBytes = (length: number): number => varintBytes(length) + Math.max(0, length)

type HeaderPair = readonly [name: Buffer, value: Buffer]

const headerPairs = (record: OutgoingRecord): readonly HeaderPair[] =>
  record.headers === undefined
    ? []
    : Object.entries(record.headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const)

/** All records of a batch have the batch's timestamp: delta 0. */
const writeRecord = (target: Buffer, at: number, record: OutgoingRecord, offsetDelta: number): number => {
  const { key, value } = record
  const pairs = headerPairs(record)
  const length =
    2 +
    varintBytes(offsetDelta) +
    fieldBytes(key === null ? -1 : key.length) +
    fieldBytes(value === null ? -1 : value.length) +
    varintBytes(pairs.length) +
    pairs.reduce((sum, [name, text]) => sum + fieldBytes(name.length) + fieldBytes(text.length), 0)
  let to = writeVarint(target, at, length)
  target[to++] = 0 // attributes
  target[to++] = 0 // timestamp delta
  to = writeVarint(target, to, offsetDelta)
  to = writeField(target, to, key)
  to = writeField(target, to, value)
  to = writeVarint(target, to, pairs.length)
  for (const [name, text] of pairs) to = writeField(target, writeField(target, to, name), text)
  return to
}

/** One transactional record batch, format 2. `now` in ms since 1970 becomes the timestamp of all its records. */
export const writeRecordBatch = (
  records: readonly OutgoingRecord[],
  { producerId, producerEpoch, firstSequence }: BatchIdentity,
  codec: number,
  now: number,
): Buffer => {
  const room = records.reduce((sum, record) => sum + recordBytes(record), HEADER_BYTES)
  let batch = Buffer.allocUnsafe(room)
  let end = HEADER_BYTES
  records.forEach((record, i) => {
    end = writeRecord(batch, end, record, i)
  })
  if (codec === 0) batch = batch.subarray(0, end)
  else
    batch = Buffer.concat([
      batch.subarray(0, HEADER_BYTES),
      compress(codec, batch.subarray(HEADER_BYTES, end)),
    ])
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(-1, 12) // leader epoch
  batch.writeInt8(2, 16)
  batch.writeInt16BE(codec | TRANSACTIONAL, 21)
  batch.writeInt32BE(records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(now), 27)
  batch.writeBigInt64BE(BigInt(now), 35)
  batch.writeBigInt64BE(producerId, 43)
  batch.writeInt16BE(producerEpoch, 51)
  batch.writeInt32BE(firstSequence, 53)
  batch.writeInt32BE(records.length, 57)
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

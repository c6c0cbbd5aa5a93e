import { HeadraceError } from '@headrace/errors'
import type { IncomingRecord } from '../types.ts'
import { ByteReader } from './bytes.ts'
import { decompress } from './codecs.ts'

/** A transaction whose records are in the answer and must not be seen. Listed by the broker in the order of its marker. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

export interface DecodedRecords {
  readonly records: IncomingRecord[]
  /** Position after the last complete batch, markers, aborted records and compacted gaps included; `from` when there is none. */
  readonly next: bigint
}

const HEADER_BYTES = 61
const MAGIC = 2
const CODEC_MASK = 0x07
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const ABORT_MARKER = 0

interface BatchHeader {
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  readonly attributes: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: bigint
  readonly count: number
}

const readHeader = (data: Buffer, at: number): BatchHeader => {
  const baseOffset = data.readBigInt64BE(at)
  return {
    baseOffset,
    lastOffset: baseOffset + BigInt(data.readInt32BE(at + 23)),
    attributes: data.readInt16BE(at + 21),
    baseTimestamp: Number(data.readBigInt64BE(at + 27)),
    maxTimestamp: Number(data.readBigInt64BE(at + 35)),
    producerId: data.readBigInt64BE(at + 43),
    count: data.readInt32BE(at + 57),
  }
}

const byFirstOffset = (a: AbortedTransaction, b: AbortedTransaction): number =>
  a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0

/**
 * Which producers' transactions are aborted, batch by batch in offset order. All transactions that began at or before
 * the batch are opened, whatever order the broker listed them in; only a control batch that says "abort" closes one
 * (06 E1: crossed aborts, keys of four zero bytes).
 */
class AbortedFilter {
  readonly #aborted: readonly AbortedTransaction[]
  readonly #open = new Set<bigint>()
  #next = 0

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = [...aborted].sort(byFirstOffset)
  }

  advance(lastOffset: bigint): void {
    for (; this.#next < this.#aborted.length; this.#next++) {
      const transaction = this.#aborted[this.#next] as AbortedTransaction
      if (transaction.firstOffset > lastOffset) return
      this.#open.add(transaction.producerId)
    }
  }

  close(producerId: bigint): void {
    this.#open.delete(producerId)
  }

  hides({ attributes, producerId }: BatchHeader): boolean {
    return (attributes & TRANSACTIONAL) !== 0 && this.#open.has(producerId)
  }
}

const readHeaders = (reader: ByteReader, count: number): Record<string, Buffer> => {
  const headers: [string, Buffer][] = []
  for (let i = 0; i < count; i++) {
    const name = (reader.varintBytes() ?? Buffer.alloc(0)).toString()
    headers.push([name, reader.varintBytes() ?? Buffer.alloc(0)])
  }
  // not by assignment: a header may be called __proto__
  return Object.fromEntries(headers)
}

const readRecord = (reader: ByteReader, header: BatchHeader): IncomingRecord => {
  reader.varint() // length
  reader.int8() // attributes, unused by Kafka
  const timestampDelta = reader.varint()
  const offset = header.baseOffset + BigInt(reader.varint())
  const key = reader.varintBytes()
  const value = reader.varintBytes()
  const timestamp =
    (header.attributes & LOG_APPEND_TIME) !== 0 ? header.maxTimestamp : header.baseTimestamp + timestampDelta
  const headerCount = reader.varint()
  const record = { offset, key, value, timestamp }
  return headerCount > 0 ? { ...record, headers: readHeaders(reader, headerCount) } : record
}

const payloadOf = (data: Buffer, at: number, end: number, { attributes }: BatchHeader): ByteReader =>
  new ByteReader(decompress(attributes & CODEC_MASK, data.subarray(at + HEADER_BYTES, end)))

/** The key of a control record is version int16, type int16 (0 abort, 1 commit). Compaction may have emptied the batch. */
const isAbort = (reader: ByteReader, header: BatchHeader): boolean => {
  if (header.count === 0) return false
  const { key } = readRecord(reader, header)
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT_MARKER
}

/**
 * Decodes the records of one partition's fetch answer as a read_committed reader must see them: from `from` on, without
 * control records and without records of aborted transactions. An incomplete last batch is left for the next fetch.
 * @throws HeadraceError kafka.unsupported_format
 */
export const readRecordBatches = (
  data: Buffer,
  from: bigint,
  aborted: readonly AbortedTransaction[],
): DecodedRecords => {
  const filter = new AbortedFilter(aborted)
  const records: IncomingRecord[] = []
  let next = from
  for (let at = 0; at + HEADER_BYTES <= data.length;) {
    const end = at + 12 + data.readInt32BE(at + 8)
    if (end > data.length) break
    const magic = data.readInt8(at + 16)
    if (magic !== MAGIC) {
      throw new HeadraceError(
        'kafka.unsupported_format',
        `records in message format ${magic}, ${MAGIC} is needed`,
      )
    }
    const header = readHeader(data, at)
    filter.advance(header.lastOffset)
    if ((header.attributes & CONTROL) !== 0) {
      if (isAbort(payloadOf(data, at, end, header), header)) filter.close(header.producerId)
    } else if (header.lastOffset >= from && !filter.hides(header)) {
      const reader = payloadOf(data, at, end, header)
      for (let i = 0; i < header.count; i++) {
        const record = readRecord(reader, header)
        if (record.offset >= from) records.push(record)
      }
    }
    if (header.lastOffset >= next) next = header.lastOffset + 1n
    at = end
  }
  return { records, next }
}

import { HeadraceError } from '@headrace/errors'
import { HopRecord, type HopRow, type Marker, type Position } from '@headrace/wire'
import { writeVarint } from './projected-row.ts'

/** A row on its way to its parent. `row` is an encoded ProjectedRow; when read, a slice of the record's value. */
export interface HopValue {
  readonly position: Position
  readonly commitTimeUs: bigint
  readonly row: Buffer
  readonly repair: boolean
  /** Why the row cannot be carried: `row` is empty then, and the parent's document cannot be made (05 A18). */
  readonly error?: string
}

const LSN_BYTES = 8
/** Room for both levels' heads (at most 8 bytes) before the position, and for everything but the row (at most 56). */
const POSITION_START = 16
const MAX_HEAD = 64

/** The bytes of `headrace.v1.HopRecord` (held equal to the generated code by a test), without a copy per nesting level. */
export const encodeHop = ({ position, commitTimeUs, row, repair, error }: HopValue): Buffer => {
  if (error !== undefined) return encodeFailed({ position, commitTimeUs, repair, error })
  const out = Buffer.allocUnsafe(MAX_HEAD + row.length)
  let at = POSITION_START
  if (position.epoch !== 0) {
    out[at++] = 0x08
    at = writeVarint(out, at, position.epoch)
  }
  if (position.commitLsn !== 0n) {
    out[at++] = 0x11
    out.writeBigUInt64LE(position.commitLsn, at)
    at += LSN_BYTES
  }
  if (position.ordinal !== 0) {
    out[at++] = 0x18
    at = writeVarint(out, at, position.ordinal)
  }
  const positionLength = at - POSITION_START
  if (commitTimeUs !== 0n) {
    out[at++] = 0x10
    at = writeBigVarint(out, at, BigInt.asUintN(64, commitTimeUs))
  }
  out[at++] = 0x1a
  at = writeVarint(out, at, row.length)
  at += row.copy(out, at)
  if (repair) {
    out[at++] = 0x20
    out[at++] = 1
  }
  // the heads of both levels, now that their lengths are known, right before the body
  const inner = at - POSITION_START + 1 + varintLength(positionLength)
  const start = POSITION_START - 1 - varintLength(positionLength) - 1 - varintLength(inner)
  let head = start
  out[head++] = 0x0a
  head = writeVarint(out, head, inner)
  out[head++] = 0x0a
  writeVarint(out, head, positionLength)
  return out.subarray(start, at)
}

/** Rare: written as the generated code does. */
const encodeFailed = (failed: Omit<HopRow, 'row'>): Buffer =>
  Buffer.from(HopRecord.encode({ record: { $case: 'row', value: { ...failed, row: undefined } } }).finish())

const varintLength = (value: number): number => {
  let length = 1
  for (let rest = value; rest > 0x7f; rest >>>= 7) length++
  return length
}

const writeBigVarint = (out: Buffer, at: number, value: bigint): number => {
  let rest = value
  while (rest > 0x7fn) {
    out[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  out[at++] = Number(rest)
  return at
}

/** Reads a hop record: a row, or a marker. Throws decode.payload. */
export const decodeHop = (value: Buffer): HopValue | { readonly marker: Marker } => {
  if (value[0] !== 0x0a) {
    const { record } = HopRecord.decode(value)
    if (record?.$case === 'marker') return { marker: record.value }
    throw new HeadraceError('decode.payload', 'a hop record is neither a row nor a marker')
  }
  return new HopReader(value).read()
}

class HopReader {
  private at = 1
  private readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  read(): HopValue {
    const end = this.varint() + this.at
    let position: Position = { epoch: 0, commitLsn: 0n, ordinal: 0 }
    let commitTimeUs = 0n
    let row: Buffer | undefined
    let repair = false
    let error: string | undefined
    while (this.at < end) {
      const tag = this.bytes[this.at++]!
      if (tag === 0x0a) position = this.position()
      else if (tag === 0x10) commitTimeUs = this.bigVarint()
      else if (tag === 0x1a) row = this.delimited()
      else if (tag === 0x20) repair = this.varint() === 1
      else if (tag === 0x2a) error = this.delimited().toString()
      else throw new HeadraceError('decode.payload', `a hop row has an unknown field (tag ${tag})`)
    }
    if (end !== this.bytes.length || this.at !== end)
      throw new HeadraceError('decode.payload', 'a hop record ends in the middle of a field')
    const read = { position, commitTimeUs, row: row ?? Buffer.alloc(0), repair }
    return error === undefined ? read : { ...read, error }
  }

  private position(): Position {
    const end = this.varint() + this.at
    let epoch = 0
    let commitLsn = 0n
    let ordinal = 0
    while (this.at < end) {
      const tag = this.bytes[this.at++]!
      if (tag === 0x08) epoch = this.varint()
      else if (tag === 0x18) ordinal = this.varint()
      else {
        commitLsn = this.bytes.readBigUInt64LE(this.at)
        this.at += LSN_BYTES
      }
    }
    return { epoch, commitLsn, ordinal }
  }

  private delimited(): Buffer {
    const length = this.varint()
    this.at += length
    return this.bytes.subarray(this.at - length, this.at)
  }

  private varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return value >>> 0
  }

  private bigVarint(): bigint {
    // seven groups fit a double exactly
    let low = 0
    let scale = 1
    for (let i = 0; i < 7; i++, scale *= 128) {
      const byte = this.bytes[this.at++] ?? 0
      low += (byte & 0x7f) * scale
      if (byte < 0x80) return BigInt(low)
    }
    let value = BigInt(low)
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.at++] ?? 0
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return BigInt.asIntN(64, value)
  }
}

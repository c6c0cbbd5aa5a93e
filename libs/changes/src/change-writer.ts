import { type Op } from '@headrace/wire'
import { TEXT_KIND, type TupleCutter } from './tuple-cutter.ts'

/** What all changes of one transaction (or of one snapshot) share. */
export interface OriginHead {
  readonly source: string
  readonly epoch: number
  readonly commitLsn: bigint
  readonly xid: number
  /** Microseconds since 1970-01-01 UTC; 0: unknown. */
  readonly commitTimeUs: number
  readonly snapshot: boolean
}

const ARENA_BYTES = 256 * 1024

/** Bytes of an unsigned varint; exact for whole numbers below 2^53. */
const varintBytes = (value: number): number => {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x200000) return 3
  if (value < 0x10000000) return 4
  let bytes = 5
  for (let rest = Math.floor(value / 0x800000000); rest >= 1; rest /= 128) bytes += 1
  return bytes
}

const writeVarint = (into: Buffer, at: number, value: number): number => {
  let position = at
  let rest = value
  while (rest >= 0x80000000) {
    into[position] = (rest % 128) | 0x80
    position += 1
    rest = Math.floor(rest / 128)
  }
  while (rest >= 0x80) {
    into[position] = (rest & 0x7f) | 0x80
    position += 1
    rest >>>= 7
  }
  into[position] = rest
  return position + 1
}

const fieldOfVarint = (tag: number, value: number): Buffer => {
  if (value === 0) return Buffer.alloc(0)
  const field = Buffer.alloc(1 + varintBytes(value))
  field[0] = tag
  writeVarint(field, 1, value)
  return field
}

const fieldOfText = (tag: number, text: string): Buffer => {
  if (text === '') return Buffer.alloc(0)
  const bytes = Buffer.from(text)
  const head = Buffer.alloc(1 + varintBytes(bytes.length))
  head[0] = tag
  writeVarint(head, 1, bytes.length)
  return Buffer.concat([head, bytes])
}

/**
 * Writes `RawRecord { change }` straight from the source's bytes, byte for byte as the generated encoder does
 * (change-writer.test.ts compares them). Results are slices of arenas that are never written again.
 */
export class ChangeWriter {
  #arena = Buffer.allocUnsafeSlow(ARENA_BYTES)
  #used = 0
  #before: Buffer = Buffer.alloc(0)
  #between: Buffer = Buffer.alloc(0)
  #snapshotBytes = 0

  /** The following changes belong to this transaction. */
  begin(head: OriginHead): void {
    const lsn = Buffer.alloc(9)
    lsn[0] = 0x19
    lsn.writeBigUInt64LE(head.commitLsn, 1)
    const source = fieldOfText(0x0a, head.source)
    this.#before = Buffer.concat([
      source,
      fieldOfVarint(0x10, head.epoch),
      ...(head.commitLsn === 0n ? [] : [lsn]),
    ])
    this.#between = Buffer.concat([fieldOfVarint(0x28, head.xid), fieldOfVarint(0x30, head.commitTimeUs)])
    this.#snapshotBytes = head.snapshot ? 2 : 0
  }

  /** Copies bytes into the arena: keys, which must outlive the chunk they came in. */
  copy(from: Buffer, start: number, length: number): Buffer {
    const arena = this.#reserve(length)
    const at = this.#usedIn(arena)
    if (length < 48) for (let index = 0; index < length; index += 1) arena[at + index] = from[start + index]!
    else from.copy(arena, at, start, start + length)
    return this.#take(arena, length)
  }

  /** One change; the tuples' columns lie in `from`. `tooLargeBytes`: the new row had so many and is without them. */
  change(
    op: Op,
    ordinal: number,
    fingerprint: Buffer,
    from: Buffer,
    old: TupleCutter | null,
    next: TupleCutter | null,
    tooLargeBytes = 0,
  ): Buffer {
    const originBytes = this.#originBytes(ordinal)
    const oldBytes = old === null ? 0 : tupleBytes(old)
    const nextBytes = next === null ? 0 : tupleBytes(next)
    const changeBytes =
      1 +
      varintBytes(originBytes) +
      originBytes +
      9 +
      (old === null ? 0 : 1 + varintBytes(oldBytes) + oldBytes) +
      (next === null ? 0 : 1 + varintBytes(nextBytes) + nextBytes) +
      (tooLargeBytes === 0 ? 0 : 1 + varintBytes(tooLargeBytes))
    const total = 1 + varintBytes(changeBytes) + changeBytes
    const arena = this.#reserve(total)
    let at = this.#usedIn(arena)
    arena[at] = 0x0a
    at = writeVarint(arena, at + 1, changeBytes)
    at = this.#writeOrigin(arena, at, originBytes, op, ordinal)
    arena[at] = 0x11
    for (let byte = 0; byte < 8; byte += 1) arena[at + 1 + byte] = fingerprint[byte]!
    at += 9
    if (old !== null) at = writeTuple(arena, at, 0x1a, oldBytes, from, old)
    if (next !== null) at = writeTuple(arena, at, 0x22, nextBytes, from, next)
    if (tooLargeBytes !== 0) {
      arena[at] = 0x28
      writeVarint(arena, at + 1, tooLargeBytes)
    }
    return this.#take(arena, total)
  }

  #originBytes(ordinal: number): number {
    const ordinalBytes = ordinal === 0 ? 0 : 1 + varintBytes(ordinal)
    return this.#before.length + ordinalBytes + this.#between.length + 2 + this.#snapshotBytes
  }

  #writeOrigin(arena: Buffer, start: number, originBytes: number, op: Op, ordinal: number): number {
    arena[start] = 0x0a
    let at = writeVarint(arena, start + 1, originBytes)
    const before = this.#before
    for (let index = 0; index < before.length; index += 1) arena[at + index] = before[index]!
    at += before.length
    if (ordinal !== 0) {
      arena[at] = 0x20
      at = writeVarint(arena, at + 1, ordinal)
    }
    const between = this.#between
    for (let index = 0; index < between.length; index += 1) arena[at + index] = between[index]!
    at += between.length
    arena[at] = 0x38
    arena[at + 1] = op
    at += 2
    if (this.#snapshotBytes === 0) return at
    arena[at] = 0x40
    arena[at + 1] = 1
    return at + 2
  }

  /** Room for so many bytes: the current arena, a new one, or a buffer of its own for a large record. */
  #reserve(bytes: number): Buffer {
    if (bytes > ARENA_BYTES / 4) return Buffer.allocUnsafeSlow(bytes)
    if (this.#used + bytes > ARENA_BYTES) {
      this.#arena = Buffer.allocUnsafeSlow(ARENA_BYTES)
      this.#used = 0
    }
    return this.#arena
  }

  #usedIn(arena: Buffer): number {
    return arena === this.#arena ? this.#used : 0
  }

  #take(arena: Buffer, bytes: number): Buffer {
    if (arena !== this.#arena) return arena
    const at = this.#used
    this.#used = at + bytes
    return arena.subarray(at, at + bytes)
  }
}

const tupleBytes = (tuple: TupleCutter): number => {
  const { count, kinds, lengths } = tuple
  let bytes = count === 0 ? 0 : 1 + varintBytes(count) + count
  for (let column = 0; column < count; column += 1) {
    if (kinds[column] !== TEXT_KIND) continue
    const length = lengths[column]!
    bytes += 1 + varintBytes(length) + length
  }
  return bytes
}

const writeTuple = (
  into: Buffer,
  start: number,
  tag: number,
  bytes: number,
  from: Buffer,
  tuple: TupleCutter,
): number => {
  const { count, kinds, lengths, starts } = tuple
  into[start] = tag
  let at = writeVarint(into, start + 1, bytes)
  if (count > 0) {
    into[at] = 0x0a
    at = writeVarint(into, at + 1, count)
    for (let column = 0; column < count; column += 1) into[at + column] = kinds[column]!
    at += count
  }
  for (let column = 0; column < count; column += 1) {
    if (kinds[column] !== TEXT_KIND) continue
    const length = lengths[column]!
    const first = starts[column]!
    into[at] = 0x12
    at = writeVarint(into, at + 1, length)
    // short values: a loop is quicker than the call
    if (length < 48) for (let index = 0; index < length; index += 1) into[at + index] = from[first + index]!
    else from.copy(into, at, first, first + length)
    at += length
  }
  return at
}

import type { Position } from './generated/headrace/v1/origin.pb.ts'

/** Order of changes: epoch, then commit LSN, then ordinal in the transaction (design 03 C1). Negative: `a` is before `b`. */
export const comparePositions = (a: Position, b: Position): number => {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch
  if (a.commitLsn !== b.commitLsn) return a.commitLsn < b.commitLsn ? -1 : 1
  return a.ordinal - b.ordinal
}

/** Bytes of an encoded position: epoch (4), commit LSN (8), ordinal (4), big-endian. */
export const POSITION_BYTES = 16

/** Sixteen bytes whose order as bytes is the order of positions. */
export const encodePosition = (
  position: Position,
  into = Buffer.allocUnsafe(POSITION_BYTES),
  at = 0,
): Buffer => {
  into.writeUInt32BE(position.epoch, at)
  into.writeBigUInt64BE(position.commitLsn, at + 4)
  into.writeUInt32BE(position.ordinal, at + 12)
  return into
}

export const decodePosition = (bytes: Buffer, at = 0): Position => ({
  epoch: bytes.readUInt32BE(at),
  commitLsn: bytes.readBigUInt64BE(at + 4),
  ordinal: bytes.readUInt32BE(at + 12),
})

/** `16/B374D848` as Postgres prints an LSN. */
export const formatLsn = (lsn: bigint): string =>
  `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`

export const parseLsn = (text: string): bigint => {
  const [high, low] = text.split('/')
  return (BigInt(`0x${high ?? ''}`) << 32n) | BigInt(`0x${low ?? ''}`)
}

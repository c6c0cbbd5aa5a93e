import { encodePosition, type Position, POSITION_BYTES } from '@headrace/wire'

/**
 * A row as it is kept: `flags position (16) length(sortKey) sortKey ProjectedRow`. Of a deleted root row only flags,
 * position and commit time stay (05 A7), so that what is older than the deletion cannot come back. Of a child that could not
 * be carried flags, position and the reason stay (05 A18); it counts nowhere. So does a row whose values are not known
 * (05 A7a): unlike a deleted one it may have been shown before.
 */
const LIVE = 1
const DELETED = 0
const FAILED = 2
const POSITION_AT = 1
const SORT_LENGTH_AT = POSITION_AT + POSITION_BYTES
const SORT_AT = SORT_LENGTH_AT + 2

export const encodeLiveRow = (position: Position, sortKey: Buffer | undefined, row: Buffer): Buffer => {
  const sortLength = sortKey?.length ?? 0
  const out = Buffer.allocUnsafe(SORT_AT + sortLength + row.length)
  out[0] = LIVE
  encodePosition(position, out, POSITION_AT)
  out.writeUInt16BE(sortLength, SORT_LENGTH_AT)
  if (sortKey !== undefined) sortKey.copy(out, SORT_AT)
  row.copy(out, SORT_AT + sortLength)
  return out
}

export const encodeDeletedRow = (position: Position, commitTimeUs: bigint): Buffer => {
  const out = Buffer.allocUnsafe(SORT_LENGTH_AT + 8)
  out[0] = DELETED
  encodePosition(position, out, POSITION_AT)
  out.writeBigInt64BE(commitTimeUs, SORT_LENGTH_AT)
  return out
}

export const encodeFailedRow = (position: Position, error: string): Buffer => {
  const head = Buffer.alloc(SORT_LENGTH_AT)
  head[0] = FAILED
  encodePosition(position, head, POSITION_AT)
  return Buffer.concat([head, Buffer.from(error)])
}

/** Why a child cannot be shown, undefined for any other row. */
export const failureOf = (stored: Buffer): string | undefined =>
  stored[0] === FAILED ? stored.toString('utf8', SORT_LENGTH_AT) : undefined

/** It stands there, but its values are not known (05 A7a): no document shows it until its next record. */
export const encodeUnknownRow = (position: Position): Buffer => encodeFailedRow(position, '')

export const isLive = (stored: Buffer): boolean => stored[0] === LIVE

export const isDeleted = (stored: Buffer): boolean => stored[0] === DELETED

/** Negative: `position` is before the stored one. */
export const compareWithStored = (position: Position, stored: Buffer): number => {
  const epoch = stored.readUInt32BE(POSITION_AT)
  if (position.epoch !== epoch) return position.epoch - epoch
  const lsn = stored.readBigUInt64BE(POSITION_AT + 4)
  if (position.commitLsn !== lsn) return position.commitLsn < lsn ? -1 : 1
  return position.ordinal - stored.readUInt32BE(POSITION_AT + 12)
}

export const storedPosition = (stored: Buffer): Position => ({
  epoch: stored.readUInt32BE(POSITION_AT),
  commitLsn: stored.readBigUInt64BE(POSITION_AT + 4),
  ordinal: stored.readUInt32BE(POSITION_AT + 12),
})

/** Where the ProjectedRow begins in a live row. */
export const rowOffset = (stored: Buffer): number =>
  SORT_AT + ((stored[SORT_LENGTH_AT]! << 8) | stored[SORT_LENGTH_AT + 1]!)

export const storedRow = (stored: Buffer): Buffer => stored.subarray(rowOffset(stored))

/** Order of two live rows by their sort keys. */
export const compareSortKeys = (a: Buffer, b: Buffer): number =>
  a.compare(b, SORT_AT, rowOffset(b), SORT_AT, rowOffset(a))

export const sameRow = (stored: Buffer, row: Buffer): boolean => {
  const from = rowOffset(stored)
  return stored.length - from === row.length && stored.compare(row, 0, row.length, from) === 0
}

/**
 * Encoded `headrace.v1.ProjectedRow` without decoding it: field 1 repeated, so a row is `0x0a length bytes` per value.
 * An empty text is no JSON: it stands for "unchanged, not sent" and is never stored (see mergeRows).
 */
const TAG = 0x0a
const NULL_TEXT = 'null'

/** Text that stands for an unchanged value. */
export const UNCHANGED = ''

const MAX_VARINT = 5

/** Encodes the first `count` of `values` (JSON texts; null = SQL NULL). */
export const encodeRow = (values: readonly (string | null)[], count: number): Buffer => {
  let size = 0
  for (let i = 0; i < count; i++) size += 1 + MAX_VARINT + (values[i] ?? NULL_TEXT).length * 3
  const out = Buffer.allocUnsafe(size)
  let at = 0
  for (let i = 0; i < count; i++) {
    const text = values[i] ?? NULL_TEXT
    out[at++] = TAG
    const bytes = isShortAscii(text) ? text.length : Buffer.byteLength(text)
    at = writeVarint(out, at, bytes)
    at += out.write(text, at, bytes === text.length ? 'latin1' : 'utf8')
  }
  return out.subarray(0, at)
}

const isShortAscii = (text: string): boolean => {
  if (text.length > 32) return false
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

export const writeVarint = (out: Buffer, at: number, value: number): number => {
  while (value > 0x7f) {
    out[at++] = (value & 0x7f) | 0x80
    value >>>= 7
  }
  out[at++] = value
  return at
}

/** Walks over the values of an encoded row: after `next()` the value is `bytes[start, end)`. */
export class RowCursor {
  start = 0
  end = 0
  private bytes: Buffer
  private at: number

  constructor(bytes: Buffer, from = 0) {
    this.bytes = bytes
    this.at = from
  }

  reset(bytes: Buffer, from: number): void {
    this.bytes = bytes
    this.at = from
  }

  next(): boolean {
    const { bytes } = this
    let { at } = this
    if (at >= bytes.length || bytes[at] !== TAG) return false
    at++
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    this.start = at
    this.end = at + length
    this.at = this.end
    return true
  }
}

/** Texts of the values at `indexes` (ascending) of a row that begins at `from`. */
export const valuesAt = (bytes: Buffer, from: number, indexes: readonly number[]): string[] => {
  const out: string[] = []
  const cursor = new RowCursor(bytes, from)
  for (let index = 0, wanted = 0; wanted < indexes.length && cursor.next(); index++) {
    for (; indexes[wanted] === index; wanted++) out.push(bytes.toString('utf8', cursor.start, cursor.end))
  }
  return out
}

const hasUnchanged = (bytes: Buffer): boolean => {
  const cursor = new RowCursor(bytes)
  while (cursor.next()) if (cursor.start === cursor.end) return true
  return false
}

/** Where a row was not sent. */
export const unchangedPlaces = (bytes: Buffer): number[] => {
  const places: number[] = []
  const cursor = new RowCursor(bytes)
  for (let place = 0; cursor.next(); place++) if (cursor.start === cursor.end) places.push(place)
  return places
}

/** `row` with its unchanged values taken from `old`. */
export const mergeRows = (row: Buffer, old: Buffer): Buffer => {
  const parts: Buffer[] = []
  const fresh = new RowCursor(row)
  const known = new RowCursor(old)
  while (fresh.next()) {
    known.next()
    const value =
      fresh.start === fresh.end ? old.subarray(known.start, known.end) : row.subarray(fresh.start, fresh.end)
    const head = Buffer.allocUnsafe(1 + MAX_VARINT)
    head[0] = TAG
    parts.push(head.subarray(0, writeVarint(head, 1, value.length)), value)
  }
  return Buffer.concat(parts)
}

/** A whole row from what was sent of it: unchanged values are those of `old`. Undefined: they are not known. */
export const completeRow = (row: Buffer, old: Buffer | undefined): Buffer | undefined => {
  if (!hasUnchanged(row)) return row
  return old === undefined ? undefined : mergeRows(row, old)
}

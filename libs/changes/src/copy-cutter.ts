import { HeadraceError } from '@headrace/errors'
import { NULL_KIND, TEXT_KIND, type TupleCutter } from './tuple-cutter.ts'

const TAB = 0x09
const NEWLINE = 0x0a
const BACKSLASH = 0x5c
const CAPITAL_N = 0x4e

/** What stands after a backslash in COPY's text format, as the byte that is meant; other bytes stand for themselves. */
const escaped = (byte: number): number => {
  switch (byte) {
    case 0x62: // b
      return 0x08
    case 0x66: // f
      return 0x0c
    case 0x6e: // n
      return NEWLINE
    case 0x72: // r
      return 0x0d
    case 0x74: // t
      return TAB
    case 0x76: // v
      return 0x0b
    default:
      return byte
  }
}

/** Undoes the escapes of `buffer[start, end)` in its place (the text only gets shorter); gives the new end. */
const unescape = (buffer: Buffer, start: number, end: number): number => {
  let to = start
  for (let from = start; from < end; from += 1) {
    const byte = buffer[from]!
    if (byte === BACKSLASH && from + 1 < end) {
      from += 1
      buffer[to] = escaped(buffer[from]!)
    } else buffer[to] = byte
    to += 1
  }
  return to
}

/**
 * Cuts one row of `COPY ... TO STDOUT` (text format, defaults) into `tuple`. The bytes of values with escapes are
 * changed in place. `columns`: how many the row must have.
 */
export const cutCopyRow = (
  buffer: Buffer,
  start: number,
  end: number,
  columns: number,
  tuple: TupleCutter,
): void => {
  const last = end > start && buffer[end - 1] === NEWLINE ? end - 1 : end
  let column = 0
  let first = start
  let withEscape = false
  tuple.bytes = 0
  // a row of no columns is an empty line, and so is a row of one empty text
  for (let at = start; columns > 0 && at <= last; at += 1) {
    const byte = at === last ? TAB : buffer[at]!
    if (byte === BACKSLASH) withEscape = true
    if (byte !== TAB) continue
    if (column < columns) setColumn(buffer, first, at, withEscape, column, tuple)
    column += 1
    first = at + 1
    withEscape = false
  }
  if (column !== columns) {
    throw new HeadraceError('internal.bug', `a row of COPY has ${column} columns instead of ${columns}`)
  }
  tuple.count = columns
  tuple.unchanged = 0
}

const setColumn = (
  buffer: Buffer,
  first: number,
  end: number,
  withEscape: boolean,
  column: number,
  tuple: TupleCutter,
): void => {
  if (withEscape && end - first === 2 && buffer[first + 1] === CAPITAL_N) {
    tuple.kinds[column] = NULL_KIND
    return
  }
  tuple.kinds[column] = TEXT_KIND
  tuple.starts[column] = first
  tuple.lengths[column] = (withEscape ? unescape(buffer, first, end) : end) - first
  tuple.bytes += tuple.lengths[column]!
}

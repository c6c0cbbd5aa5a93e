import { HeadraceError } from '@headrace/errors'
import { WIRE_DELIMITED, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from './wire-types.ts'

const truncated = (): HeadraceError =>
  new HeadraceError('decode.payload', 'a protobuf message ends in the middle of a field')

/** A cursor over protobuf bytes. */
export class Input {
  readonly bytes: Buffer
  at: number
  end: number
  /** Halves of the last varint64. */
  low = 0
  high = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
    this.at = 0
    this.end = bytes.length
  }

  varint32(): number {
    const first = this.bytes[this.at++]!
    if (first < 128 && this.at <= this.end) return first
    this.at--
    this.varint64()
    return this.low >>> 0
  }

  /** Into `low` and `high`. */
  varint64(): void {
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw truncated()
      const byte = this.bytes[this.at++]!
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high |= bits >>> 4
      } else high |= bits << (shift - 32)
      if (byte < 128) {
        this.low = low
        this.high = high
        return
      }
    }
    throw new HeadraceError('decode.payload', 'a varint in a protobuf message has more than ten bytes')
  }

  /** End of the length-delimited value that begins here; the cursor stands at its first byte. */
  delimitedEnd(): number {
    const length = this.varint32()
    const end = this.at + length
    if (end > this.end) throw truncated()
    return end
  }

  /** Takes `length` bytes and says where they begin. */
  take(length: number): number {
    const from = this.at
    this.at += length
    if (this.at > this.end) throw truncated()
    return from
  }

  skip(wireType: number): void {
    switch (wireType) {
      case WIRE_VARINT:
        this.varint64()
        return
      case WIRE_FIXED64:
        this.take(8)
        return
      case WIRE_DELIMITED:
        this.at = this.delimitedEnd()
        return
      case WIRE_FIXED32:
        this.take(4)
        return
      default:
        throw new HeadraceError('decode.payload', `a protobuf message has a field of wire type ${wireType}`)
    }
  }
}

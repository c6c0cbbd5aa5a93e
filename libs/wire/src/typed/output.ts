/** A buffer that grows and is used again and again: protobuf's writing primitives over one allocation. */
export class Output {
  bytes: Buffer = Buffer.allocUnsafe(4096)
  at = 0

  /** Makes room for `extra` more bytes. */
  reserve(extra: number): void {
    if (this.at + extra <= this.bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + extra))
    this.bytes.copy(grown, 0, 0, this.at)
    this.bytes = grown
  }

  byte(value: number): void {
    this.bytes[this.at++] = value
  }

  /** An unsigned number below 2^32. Room must have been made (at most 5 bytes). */
  varint32(value: number): void {
    let rest = value
    while (rest > 127) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.at++] = rest
  }

  /** 64 bits as two halves. Room must have been made (at most 10 bytes). */
  varint64(low: number, high: number): void {
    let lo = low >>> 0
    let hi = high >>> 0
    while (hi > 0 || lo > 127) {
      this.bytes[this.at++] = (lo & 0x7f) | 0x80
      lo = ((lo >>> 7) | (hi << 25)) >>> 0
      hi >>>= 7
    }
    this.bytes[this.at++] = lo
  }

  /** A whole number within ±2^53 as int64 or int32 (negative ones take ten bytes in both). */
  signed(value: number): void {
    this.varint64(value >>> 0, Math.floor(value / 0x100000000))
  }

  raw(source: Uint8Array): void {
    const { length } = source
    if (length > 24) {
      this.bytes.set(source, this.at)
    } else {
      for (let i = 0; i < length; i++) this.bytes[this.at + i] = source[i]!
    }
    this.at += length
  }

  /** Tag, length and bytes of a length-delimited field; makes its own room. */
  delimited(tag: number, source: Uint8Array): void {
    this.reserve(source.length + 10)
    this.varint32(tag)
    this.varint32(source.length)
    this.raw(source)
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.at))
  }
}

const FIRST_CAPACITY = 4096

/** Below this a loop beats the call into the engine. */
const SHORT = 24

/** Bytes put one after another into one growing buffer, used again for every document. */
export class ByteWriter {
  length = 0
  private buffer = Buffer.allocUnsafe(FIRST_CAPACITY)

  append(source: Uint8Array, start: number, end: number): void {
    const size = end - start
    if (this.length + size > this.buffer.length) this.grow(size)
    const { buffer } = this
    let { length } = this
    if (size < SHORT) for (let i = start; i < end; i++) buffer[length++] = source[i]!
    else buffer.set(source.subarray(start, end), length)
    this.length += size
  }

  appendAll(source: Uint8Array): void {
    this.append(source, 0, source.length)
  }

  appendText(text: string): void {
    this.appendAll(Buffer.from(text))
  }

  appendByte(byte: number): void {
    if (this.length === this.buffer.length) this.grow(1)
    this.buffer[this.length++] = byte
  }

  /** A copy of what was written; the writer is empty then. */
  take(): Buffer {
    const out = Buffer.allocUnsafe(this.length)
    this.buffer.copy(out, 0, 0, this.length)
    this.length = 0
    return out
  }

  reset(): void {
    this.length = 0
  }

  private grow(size: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + size))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }
}

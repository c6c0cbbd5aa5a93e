/** Type byte and length. */
const HEAD_BYTES = 5

/** Takes one message: type byte, and its content `buffer[start, end)`, which is only lent. */
export type FrameHandler = (type: number, buffer: Buffer, start: number, end: number) => void

/** Cuts the backend's messages out of socket chunks (03 C6). Only a message that crosses chunks is copied. */
export class FrameCutter {
  readonly #head = Buffer.alloc(HEAD_BYTES)
  #headBytes = 0
  #partial: Buffer | null = null
  #have = 0

  push(chunk: Buffer, take: FrameHandler): void {
    let at = this.#finishPartial(chunk, take)
    const { length } = chunk
    while (at + HEAD_BYTES <= length) {
      const end = at + 1 + chunk.readUInt32BE(at + 1)
      if (end > length) break
      const type = chunk[at]!
      const start = at + HEAD_BYTES
      at = end
      take(type, chunk, start, end)
    }
    if (at < length) this.#keep(chunk, at)
  }

  /** Completes the message that the chunks before began; gives where the next one begins in `chunk`. */
  #finishPartial(chunk: Buffer, take: FrameHandler): number {
    let at = 0
    if (this.#partial === null) {
      if (this.#headBytes === 0) return 0
      at = chunk.copy(this.#head, this.#headBytes, 0, Math.min(HEAD_BYTES - this.#headBytes, chunk.length))
      this.#headBytes += at
      if (this.#headBytes < HEAD_BYTES) return at
      this.#headBytes = 0
      this.#begin(this.#head, 0, HEAD_BYTES)
    }
    const partial = this.#partial!
    const copied = chunk.copy(
      partial,
      this.#have,
      at,
      Math.min(chunk.length, at + partial.length - this.#have),
    )
    this.#have += copied
    if (this.#have < partial.length) return at + copied
    this.#partial = null
    take(partial[0]!, partial, HEAD_BYTES, partial.length)
    return at + copied
  }

  #keep(chunk: Buffer, at: number): void {
    if (chunk.length - at >= HEAD_BYTES) return this.#begin(chunk, at, chunk.length)
    this.#headBytes = chunk.copy(this.#head, 0, at)
  }

  #begin(from: Buffer, start: number, end: number): void {
    this.#partial = Buffer.allocUnsafeSlow(1 + from.readUInt32BE(start + 1))
    this.#have = from.copy(this.#partial, 0, start, end)
  }
}

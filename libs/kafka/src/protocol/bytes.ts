/*
 * Kafka's primitive types, written and read without kafkajs's Encoder and Decoder: those keep 64 bit numbers as
 * objects and misread tagged fields. "Compact" and tags belong to flexible messages (KIP-482).
 */

/** Grows as needed; `take` gives the written part. */
export class ByteWriter {
  #buffer: Buffer
  #length = 0

  constructor(size = 256) {
    this.#buffer = Buffer.allocUnsafe(size)
  }

  get length(): number {
    return this.#length
  }

  int8(value: number): this {
    const at = this.#grow(1)
    this.#buffer.writeInt8(value, at)
    return this
  }

  int16(value: number): this {
    const at = this.#grow(2)
    this.#buffer.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.#grow(4)
    this.#buffer.writeInt32BE(value, at)
    return this
  }

  int64(value: bigint): this {
    const at = this.#grow(8)
    this.#buffer.writeBigInt64BE(value, at)
    return this
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0)
  }

  bytes(value: Buffer): this {
    const at = this.#grow(value.length)
    value.copy(this.#buffer, at)
    return this
  }

  string(value: string | null): this {
    if (value === null) return this.int16(-1)
    const text = Buffer.from(value)
    return this.int16(text.length).bytes(text)
  }

  unsignedVarint(value: number): this {
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128)
    return this.#byte(rest)
  }

  compactString(value: string | null): this {
    if (value === null) return this.unsignedVarint(0)
    const text = Buffer.from(value)
    return this.unsignedVarint(text.length + 1).bytes(text)
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length)
    for (const item of items) write(item)
    return this
  }

  /** Length n + 1, 0 for null. */
  compactArray<T>(items: readonly T[] | null, write: (item: T) => void): this {
    this.unsignedVarint(items === null ? 0 : items.length + 1)
    for (const item of items ?? []) write(item)
    return this
  }

  /** Ends a structure of a flexible message. */
  noTags(): this {
    return this.#byte(0)
  }

  take(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #byte(value: number): this {
    const at = this.#grow(1)
    this.#buffer[at] = value
    return this
  }

  #grow(bytes: number): number {
    const at = this.#length
    this.#length += bytes
    if (this.#length > this.#buffer.length) {
      const bigger = Buffer.allocUnsafe(Math.max(this.#length, this.#buffer.length * 2))
      this.#buffer.copy(bigger, 0, 0, at)
      this.#buffer = bigger
    }
    return at
  }
}

/** Reads from a buffer; slices share its memory. */
export class ByteReader {
  readonly #buffer: Buffer
  #at: number

  constructor(buffer: Buffer, at = 0) {
    this.#buffer = buffer
    this.#at = at
  }

  int8(): number {
    return this.#buffer.readInt8(this.#step(1))
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#step(2))
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#step(4))
  }

  int64(): bigint {
    return this.#buffer.readBigInt64BE(this.#step(8))
  }

  slice(length: number): Buffer {
    const at = this.#step(length)
    return this.#buffer.subarray(at, at + length)
  }

  string(): string {
    return this.nullableString() ?? ''
  }

  nullableString(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.slice(length).toString()
  }

  unsignedVarint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#buffer.readUInt8(this.#step(1))
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  /** Zigzag; exact up to 2^53 (lengths, offset and timestamp deltas). */
  varint(): number {
    const value = this.unsignedVarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  compactString(): string | null {
    const length = this.unsignedVarint()
    return length === 0 ? null : this.slice(length - 1).toString()
  }

  array<T>(read: () => T): T[] {
    return this.#items(this.int32(), read)
  }

  compactArray<T>(read: () => T): T[] {
    return this.#items(this.unsignedVarint() - 1, read)
  }

  /** Key and value of a record: null for length -1. */
  varintBytes(): Buffer | null {
    const length = this.varint()
    return length < 0 ? null : this.slice(length)
  }

  skipTags(): void {
    for (let count = this.unsignedVarint(); count > 0; count--) {
      this.unsignedVarint()
      this.#step(this.unsignedVarint())
    }
  }

  #items<T>(count: number, read: () => T): T[] {
    const items: T[] = []
    for (let i = 0; i < count; i++) items.push(read())
    return items
  }

  #step(bytes: number): number {
    const at = this.#at
    this.#at += bytes
    if (this.#at > this.#buffer.length)
      throw new RangeError(`${bytes} bytes wanted, ${this.#buffer.length - at} left`)
    return at
  }
}

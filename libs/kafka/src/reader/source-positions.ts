import { CapturePosition } from '@headrace/wire'
import type { PartitionReader } from '../types.ts'

/** All positions are in one partition (03 C2). */
const PARTITION = 0

/** Newest positions of sources, from `<p>.positions`. */
export class SourcePositions {
  readonly #reader: Pick<PartitionReader, 'bounds' | 'readToEnd'>
  readonly #topic: string
  readonly #bySlot = new Map<string, CapturePosition>()
  #next = 0n

  constructor(reader: Pick<PartitionReader, 'bounds' | 'readToEnd'>, topic: string) {
    this.#reader = reader
    this.#topic = topic
  }

  /** By slot. Reads on from where the last look ended. */
  async look(): Promise<ReadonlyMap<string, CapturePosition>> {
    const { start, end } = await this.#reader.bounds(this.#topic, PARTITION)
    // shorter than what was read: the topic was made anew
    if (end < this.#next) this.#forget()
    const from = this.#next > start ? this.#next : start
    for await (const { records, next } of this.#reader.readToEnd(this.#topic, PARTITION, from)) {
      for (const { key, value } of records) this.#take(key?.toString() ?? '', value)
      this.#next = next
    }
    return this.#bySlot
  }

  #take(key: string, value: Buffer | null): void {
    // what belongs to a slot beside its position: <slot>/...
    if (key === '' || key.includes('/')) return
    if (value === null) this.#bySlot.delete(key)
    else this.#bySlot.set(key, CapturePosition.decode(value))
  }

  #forget(): void {
    this.#bySlot.clear()
    this.#next = 0n
  }
}

import type { Batch, CommitOffset, FencedWriter, Membership, OutgoingRecord } from '@headrace/kafka'

/** Outputs and input positions that are committed together: one transaction (design 02 §2.5). */
export class Turn {
  readonly records: OutgoingRecord[] = []
  readonly #offsets = new Map<string, CommitOffset>()
  #membership: Membership | undefined
  #began = 0
  inputs = 0
  /** Of the values that were read. */
  bytes = 0

  get isEmpty(): boolean {
    return this.#offsets.size === 0
  }

  /** Ms since the first batch. */
  age(now: number): number {
    return this.isEmpty ? 0 : now - this.#began
  }

  /** A batch whose outputs are all in `records` now. */
  add({ topic, partition, next, membership, records }: Batch, now: number): void {
    if (this.isEmpty) this.#began = now
    this.#membership = membership
    this.inputs += records.length
    for (const { value } of records) this.bytes += value?.length ?? 0
    this.#offsets.set(`${topic}/${partition}`, { topic, partition, next })
  }

  async commit(writer: FencedWriter): Promise<void> {
    if (this.#membership === undefined) return
    await writer.write({
      records: this.records,
      from: { membership: this.#membership, offsets: [...this.#offsets.values()] },
    })
  }
}

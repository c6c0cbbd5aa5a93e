import type { Batch, IncomingRecord } from '@headrace/kafka'

/** Records of one bulk write: large enough to be cheap, small enough to commit often. */
const MOST_RECORDS = 5_000
/** Their values; a batch that has more goes alone. */
const MOST_BYTES = 16 * 1_048_576

export interface LaneOptions {
  readonly partition: number
  /** Does the work; throws when the signal fires or for good. */
  readonly index: (
    records: readonly IncomingRecord[],
    partition: number,
    signal: AbortSignal,
  ) => Promise<void>
  /** Everything before `next` is in the index. */
  readonly done: (partition: number, next: bigint) => void
  readonly failed: (error: unknown) => void
  readonly signal: AbortSignal
}

/** One partition of one generation: its batches one after another, so at most one bulk is in flight (06 E7). */
export class PartitionLane {
  readonly #options: LaneOptions
  #waiting: Batch[] = []
  #working: Promise<void> | undefined
  #draining = false
  /** Bytes of records that wait or are being written. */
  bytes = 0

  constructor(options: LaneOptions) {
    this.#options = options
  }

  add(batch: Batch): void {
    this.#waiting.push(batch)
    this.bytes += bytesOf(batch)
    this.#working ??= this.#work()
  }

  /** Resolves when the write under way has ended; what waits is left. */
  async drain(): Promise<void> {
    this.#draining = true
    await this.#working
  }

  async #work(): Promise<void> {
    const { signal, partition, index, done, failed } = this.#options
    try {
      while (this.#waiting.length > 0 && !this.#draining && !signal.aborted) {
        const batches = this.#take()
        await index(
          batches.flatMap(({ records }) => records),
          partition,
          signal,
        )
        if (signal.aborted) return
        for (const batch of batches) this.bytes -= bytesOf(batch)
        done(partition, batches.at(-1)!.next)
      }
    } catch (error) {
      // a generation that has ended needs no explanation
      if (!signal.aborted) failed(error)
    } finally {
      this.#working = undefined
    }
  }

  #take(): readonly Batch[] {
    let records = 0
    let bytes = 0
    let count = 0
    for (const batch of this.#waiting) {
      records += batch.records.length
      bytes += bytesOf(batch)
      if (count > 0 && (records > MOST_RECORDS || bytes > MOST_BYTES)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }
}

const bytesOf = ({ records }: Batch): number =>
  records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)

import type { IncompleteRow } from '@headrace/changes'
import { type FencedWriter, type OutgoingRecord, TransactionPace } from '@headrace/kafka'
import type { Failpoints } from '@headrace/runtime'
import type { CapturePosition } from '@headrace/wire'
import type { SourceTable } from '../adapters/captured-table.ts'
import { positionRecord } from '../adapters/position-record.ts'
import type { Gap, RowCompleter } from './complete-rows.ts'
import type { Progress } from './progress.ts'

/** A socket that can be held back. */
export interface Valve {
  pause(): void
  resume(): void
}

export interface DeliveryLimits {
  /** A Kafka transaction closes at so many records ... */
  readonly records: number
  /** ... or bytes ... */
  readonly bytes: number
  /** ... or ms after its first record, inside a source transaction too (03 C3). */
  readonly ageMs: number
  /** Records waiting for the writer; beyond it the valves close (03 C7). */
  readonly bufferBytes: number
}

export const DELIVERY_LIMITS: DeliveryLimits = {
  records: 5_000,
  bytes: 4_194_304,
  ageMs: 100,
  bufferBytes: 16_777_216,
}

/** What one Kafka transaction carried. */
export interface Delivered {
  readonly position: CapturePosition
  readonly records: number
  readonly bytes: number
  readonly seconds: number
}

export interface DeliveryOptions {
  readonly writer: FencedWriter
  readonly positionsTopic: string
  readonly progress: Progress
  readonly limits: DeliveryLimits
  readonly failpoints: Failpoints
  readonly completer: RowCompleter
  /** A transaction is committed: now its position may be acknowledged. */
  delivered(batch: Delivered): void
}

/** A waiting record that lacks values, and where a transaction that ends with it leads to. */
interface Incomplete {
  readonly index: number
  readonly row: IncompleteRow<SourceTable>
  readonly position: CapturePosition
}

/** What one transaction takes of what waits. */
interface Batch {
  readonly records: OutgoingRecord[]
  readonly incomplete: readonly Incomplete[]
  readonly position: CapturePosition
  readonly bytes: number
}

/** What a record costs in memory beside its key and value. */
const RECORD_OVERHEAD = 120

const bytesOf = (record: OutgoingRecord): number =>
  (record.key?.length ?? 0) + (record.value?.length ?? 0) + RECORD_OVERHEAD

/**
 * Gathers records and writes them in Kafka transactions, each with the position it leads to (03 C3). While one is being
 * written the next is gathered. `run` is the only loop; `add` and the rest are called by the readers.
 */
export class Delivery {
  readonly progress: Progress
  /** Most bytes that ever waited or were being written. */
  peakBytes = 0
  readonly #options: DeliveryOptions
  readonly #valves = new Set<Valve>()
  readonly #pace = new TransactionPace()
  #records: OutgoingRecord[] = []
  #incomplete: Incomplete[] = []
  #bytes = 0
  #writingBytes = 0
  #writing = false
  #drained = false
  #due = false
  #moved = false
  #unsaved = false
  #closed = false
  #paused = false
  #committed: CapturePosition
  #timer: NodeJS.Timeout | undefined
  #paceTimer: NodeJS.Timeout | undefined
  #wake: () => void = () => undefined
  #settlers: (() => void)[] = []

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.progress = options.progress
    this.#committed = options.progress.position()
  }

  /** What the last committed transaction said. */
  get committed(): CapturePosition {
    return this.#committed
  }

  /** Nothing waits and nothing is being written. */
  get idle(): boolean {
    return this.#records.length === 0 && !this.#writing && !this.#moved && !this.#unsaved
  }

  get bufferedBytes(): number {
    return this.#bytes + this.#writingBytes
  }

  /**
   * A record of the next transaction; the progress must have been moved to it in the same turn. `row`: it lacks values,
   * which are found before it is written; it must be the only record of its position (03 C9).
   */
  add(record: OutgoingRecord, row: IncompleteRow<SourceTable> | null = null): void {
    if (this.#records.length === 0) this.#startAge()
    this.#drained = false
    if (row !== null)
      this.#incomplete.push({ index: this.#records.length, row, position: this.progress.position() })
    this.#records.push(record)
    this.#bytes += bytesOf(record)
  }

  /** The reader has handed on what it had of a chunk: bounds are checked here, not per record. */
  checkBounds(): void {
    const { limits } = this.#options
    if (this.bufferedBytes > this.peakBytes) this.peakBytes = this.bufferedBytes
    if (this.#bytes >= limits.bufferBytes && !this.#paused) {
      this.#paused = true
      for (const valve of this.#valves) valve.pause()
    }
    if (this.#isDue()) this.#wake()
  }

  /** The source has nothing more just now: what waits is written as soon as the pace allows. */
  drained(): void {
    this.#drained = true
    if (this.#isDue()) this.#wake()
    else this.#wakeAtPace()
  }

  /** A source transaction with rows ended: its position is written even when all its rows went before it. */
  ended(): void {
    if (this.#records.length > 0) return
    this.#unsaved = true
    this.#drained = false
    this.#startAge()
  }

  /** Writes the position although there is no record: idle acknowledgement, or an end of a phase (03 C2). */
  commitPosition(): void {
    this.#moved = true
    this.#drained = true
    this.#wake()
  }

  /** Resolves when all that was added so far is committed, or the signal fires. */
  async settled(signal: AbortSignal): Promise<void> {
    while (!this.idle && !signal.aborted) {
      await new Promise<void>(resolve => {
        this.#settlers.push(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  /** Adds a reader to hold back when the buffer is full; gives the function that removes it. */
  addValve(valve: Valve): () => void {
    this.#valves.add(valve)
    if (this.#paused) valve.pause()
    return () => void this.#valves.delete(valve)
  }

  /** Writes until `close`, then what still waits; rejects when a transaction fails. */
  async run(): Promise<void> {
    try {
      for (;;) {
        while (!this.#isDue() && !this.#closed) await new Promise<void>(resolve => (this.#wake = resolve))
        if (this.#records.length === 0 && !this.#moved && !this.#unsaved) return
        if (!(await this.#write())) return
      }
    } finally {
      clearTimeout(this.#timer)
      clearTimeout(this.#paceTimer)
    }
  }

  close(): void {
    this.#closed = true
    this.#options.completer.giveUp()
    this.#wake()
  }

  #isDue(): boolean {
    const { limits } = this.#options
    if (this.#moved) return true
    const count = this.#records.length
    const isDrained = this.#drained && this.#pace.leftMs === 0
    if (count === 0) return this.#unsaved && (isDrained || this.#due)
    return count >= limits.records || this.#bytes >= limits.bytes || isDrained || this.#due
  }

  #wakeAtPace(): void {
    const { leftMs } = this.#pace
    if (leftMs === 0 || (this.#records.length === 0 && !this.#unsaved)) return
    this.#paceTimer ??= setTimeout(() => {
      this.#paceTimer = undefined
      if (this.#isDue()) this.#wake()
      else if (this.#drained) this.#wakeAtPace()
    }, Math.ceil(leftMs))
  }

  #startAge(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#due = true
      this.#wake()
    }, this.#options.limits.ageMs)
  }

  /** One transaction; false when it was given up. */
  async #write(): Promise<boolean> {
    const { writer, positionsTopic, failpoints, delivered } = this.#options
    this.#pace.began()
    const { records, incomplete, position, bytes } = this.#take()
    this.#writingBytes = bytes
    this.#writing = true
    this.#open()
    const count = records.length
    const before = performance.now()
    if (incomplete.length > 0 && !(await this.#complete(records, incomplete))) return false
    records.push(positionRecord(positionsTopic, position))
    failpoints('capture.before_commit')
    await writer.write({ records })
    this.#pace.ended()
    failpoints('capture.after_commit')
    this.#writing = false
    this.#writingBytes = 0
    this.#committed = position
    delivered({ position, records: count, bytes, seconds: (performance.now() - before) / 1000 })
    failpoints('capture.after_ack')
    for (const settler of this.#settlers.splice(0)) settler()
    return true
  }

  /** All that waits, or as much as there is room to complete: the rest stays due. */
  #take(): Batch {
    const { batchRows } = this.#options.completer
    const last = this.#incomplete[batchRows - 1]
    const records = this.#records
    const incomplete = this.#incomplete
    if (last !== undefined && incomplete.length > batchRows) {
      const cut = last.index + 1
      this.#records = records.splice(cut)
      this.#incomplete = incomplete.splice(batchRows).map(each => ({ ...each, index: each.index - cut }))
      const bytes = records.reduce((sum, record) => sum + bytesOf(record), 0)
      this.#bytes -= bytes
      this.#due = true
      return { records, incomplete, position: last.position, bytes }
    }
    const batch = { records, incomplete, position: this.progress.position(), bytes: this.#bytes }
    this.#records = []
    this.#incomplete = []
    this.#bytes = 0
    this.#due = false
    this.#moved = false
    this.#unsaved = false
    clearTimeout(this.#timer)
    this.#timer = undefined
    return batch
  }

  async #complete(records: OutgoingRecord[], incomplete: readonly Incomplete[]): Promise<boolean> {
    const gaps = incomplete.map(({ index, row }): Gap => ({ row, value: records[index]!.value! }))
    const values = await this.#options.completer.complete(gaps)
    if (values === null) return false
    for (const [at, { index }] of incomplete.entries()) {
      const record = records[index]!
      const value = values[at]!
      this.#writingBytes += value.length - (record.value?.length ?? 0)
      records[index] = { ...record, value }
    }
    if (this.bufferedBytes > this.peakBytes) this.peakBytes = this.bufferedBytes
    return true
  }

  /** There is room again. */
  #open(): void {
    if (!this.#paused) return
    this.#paused = false
    for (const valve of this.#valves) valve.resume()
  }
}

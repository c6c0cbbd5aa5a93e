import type { EmitOptions } from './partition-task.ts'

/** A turn of so many records is part of a load or of a large transaction: the rows of a document come over some time. */
const BULK_RECORDS = 1000
/** Then documents are kept so many times as long as otherwise: most are made, sent and indexed once or twice, not five times. */
const BULK_FACTOR = 10

/** How long changed documents are kept back for what else may change them (05 A11). */
export class EmissionPatience {
  private readonly usual: EmitOptions
  private bulkAt = Number.NEGATIVE_INFINITY

  constructor(usual: EmitOptions) {
    this.usual = usual
  }

  took(records: number, now: number): void {
    if (records >= BULK_RECORDS) this.bulkAt = now
  }

  at(now: number): EmitOptions {
    const { maxMs } = this.usual
    return now - this.bulkAt < maxMs
      ? { ...this.usual, idleMs: maxMs, maxMs: BULK_FACTOR * maxMs, isBulk: true }
      : this.usual
  }
}

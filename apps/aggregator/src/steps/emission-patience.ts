import type { EmitOptions } from './partition-task.ts'

/** A turn of so many records is part of a load or of a large transaction: the rows of a document come over some time. */
const BULK_RECORDS = 1000

/** For how many times `maxMs` a document waits for its next row, and altogether. */
const BULK = { idle: 1, max: 10 }
/** In a first load nobody waits for the newest change: a document that is sent once costs half of one that is sent twice. */
const LOAD = { idle: 10, max: 30 }

/** What a turn took. */
export interface TurnTaken {
  readonly records: number
  /** Rows of a first load were among them. */
  readonly isLoad: boolean
}

/** How long changed documents are kept back for what else may change them (05 A11). */
export class EmissionPatience {
  private readonly usual: EmitOptions
  private bulkAt = Number.NEGATIVE_INFINITY
  private loadAt = Number.NEGATIVE_INFINITY

  constructor(usual: EmitOptions) {
    this.usual = usual
  }

  took({ records, isLoad }: TurnTaken, now: number): void {
    if (records < BULK_RECORDS) return
    this.bulkAt = now
    // what the rows gave between the stages follows them
    if (isLoad || this.isRecent(this.loadAt, now)) this.loadAt = now
  }

  at(now: number): EmitOptions {
    if (!this.isRecent(this.bulkAt, now)) return this.usual
    const { idle, max } = this.isRecent(this.loadAt, now) ? LOAD : BULK
    const { maxMs } = this.usual
    return { ...this.usual, idleMs: idle * maxMs, maxMs: max * maxMs, isBulk: true }
  }

  private isRecent(at: number, now: number): boolean {
    return now - at < this.usual.maxMs
  }
}

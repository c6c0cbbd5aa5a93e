import { type CapturePosition, type TableProgress } from '@headrace/wire'

/** The position as it moves on with every record: written into the fields, made a message once per transaction. */
export class Progress {
  commitLsn: bigint
  ordinal: number
  complete: boolean
  acknowledgedLsn: bigint
  finished: boolean
  readonly tables: TableProgress[]
  readonly #fixed: Pick<CapturePosition, 'slot' | 'epoch' | 'systemIdentifier' | 'timeline'>
  readonly #consistentLsn: bigint

  constructor(position: CapturePosition) {
    this.commitLsn = position.commitLsn
    this.ordinal = position.ordinal
    this.complete = position.complete
    this.acknowledgedLsn = position.acknowledgedLsn
    this.finished = position.snapshot?.finished ?? false
    this.tables = (position.snapshot?.tables ?? []).map(table => ({ ...table }))
    this.#consistentLsn = position.snapshot?.consistentLsn ?? 0n
    this.#fixed = position
  }

  /** A change was added to the open transaction. */
  at(commitLsn: bigint, ordinal: number): void {
    this.commitLsn = commitLsn
    this.ordinal = ordinal
    this.complete = false
  }

  /** A source transaction ended; all before `endLsn` may be acknowledged once this is committed. */
  ended(commitLsn: bigint, endLsn: bigint): void {
    if (commitLsn > this.commitLsn) {
      this.commitLsn = commitLsn
      this.ordinal = 0
    }
    // one that was known already says nothing about a later, unfinished one
    if (commitLsn === this.commitLsn) this.complete = true
    if (endLsn > this.acknowledgedLsn) this.acknowledgedLsn = endLsn
  }

  position(): CapturePosition {
    const { slot, epoch, systemIdentifier, timeline } = this.#fixed
    return {
      slot,
      epoch,
      systemIdentifier,
      timeline,
      commitLsn: this.commitLsn,
      ordinal: this.ordinal,
      complete: this.complete,
      acknowledgedLsn: this.acknowledgedLsn,
      snapshot: {
        consistentLsn: this.#consistentLsn,
        finished: this.finished,
        tables: this.tables.map(table => ({ ...table })),
      },
    }
  }
}

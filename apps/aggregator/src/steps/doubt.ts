/**
 * How far into a log a successor takes nothing for granted: up to here every touched document is dirty, changed or not
 * (05 A15). It begins with the end of the log at the assignment, for a predecessor may have emitted more or less than it could
 * commit. Once that is read it grows to the end of then: what was written meanwhile may have made compaction remove records
 * that were never read here, and a DELETE whose row was never seen changes nothing in the store, but something in the
 * documents that others have emitted.
 */
export class Doubt {
  private to: bigint
  private isSettled = false

  constructor(endAtAssignment: bigint) {
    this.to = endAtAssignment
  }

  holds(offset: bigint): boolean {
    return !this.isSettled || offset < this.to
  }

  /** Everything below `next` was read, when the log ended at `end`. */
  read(next: bigint, end: bigint): void {
    if (this.isSettled || next < this.to) return
    this.isSettled = true
    if (end > this.to) this.to = end
  }
}

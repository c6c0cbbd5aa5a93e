import type { Position } from '@headrace/wire'

/** A part of what a truncate or sweep marker removes: up to `limit` entries of the store after `after` are looked at. */
export interface SweepPart {
  /** Rows with a lower position are gone (03 C10, C13). */
  readonly position: Position
  readonly after: Buffer | undefined
  readonly limit: number
}

export interface Swept {
  /** Rows that it removed. */
  readonly removed: readonly string[]
  /** Rows of this part that are not there, these among them: deleted, or not known. */
  readonly absent: readonly string[]
  /** Where to go on; undefined: that was all. */
  readonly next: Buffer | undefined
}

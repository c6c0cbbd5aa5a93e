import { metaKey, type SweepPart, type Swept } from '@headrace/denormalise'
import type { Store } from '@headrace/store'
import { comparePositions, decodePosition, encodePosition, type Position } from '@headrace/wire'

/** Entries looked at in one store transaction while state is restored. */
const SILENT_STEP = 5000

/** Rows of the store from which a marker removes those with a lower position. */
export interface Sweepable {
  sweep(part: SweepPart): Swept
}

/** Who is to be told of what a marker removes. */
export interface SweepCause<State> {
  readonly state: State
  /** Of the marker: the input's position is held there until all is removed. */
  readonly offset: bigint
  /** It touches whatever is not there, not only what it removes here (05 A15b). */
  readonly touchesAll: boolean
}

/** A marker that is being worked on. */
export interface Sweep<State> extends SweepCause<State> {
  readonly name: string
  readonly position: Position
}

interface Job<State> extends Sweep<State> {
  after: Buffer | undefined
}

/**
 * The truncate and sweep markers of a store, worked on in parts (05 A10b): a marker may remove millions of rows, and others
 * wait. Records behind it are applied meanwhile; the positions tell which rows are older. That something is left to be removed
 * stands in the store, in the transaction that applies the marker: another process may finish its part and commit a position
 * behind it, and nobody would read the marker here again. Whom to tell is in memory, as marks are: the input's position is
 * held at the marker, so a successor reads it again, and what it does may be done twice.
 */
export class Sweeps<State> {
  private readonly store: Store
  private readonly rows: ReadonlyMap<string, Sweepable>
  private readonly jobs = new Map<string, Job<State>>()

  /** `rows` by name, which stays the same for the life of the store. */
  constructor(store: Store, rows: ReadonlyMap<string, Sweepable>) {
    this.store = store
    this.rows = rows
  }

  get isPending(): boolean {
    return this.jobs.size > 0
  }

  /** Inside a store transaction. Without a cause nobody is told: `finish` removes what is left. */
  begin(name: string, position: Position, cause: SweepCause<State> | undefined): void {
    const highest = higher(this.stored(name), position)
    this.store.put(keyOf(name), encodePosition(highest))
    if (cause === undefined) return
    const known = this.jobs.get(name)
    const offset = known !== undefined && known.offset < cause.offset ? known.offset : cause.offset
    const touchesAll = cause.touchesAll || known?.touchesAll === true
    this.jobs.set(name, { ...cause, name, offset, touchesAll, position: highest, after: undefined })
  }

  /** A part of one marker, in a store transaction of its own; of none where `mayGoOn` refuses. */
  step(
    limit: number,
    mayGoOn: (sweep: Sweep<State>) => boolean,
    tell: (sweep: Sweep<State>, rows: readonly string[]) => void,
  ): void {
    for (const job of this.jobs.values()) {
      if (!mayGoOn(job)) continue
      const { removed, absent, next } = this.part(job.name, job.position, job.after, limit)
      tell(job, job.touchesAll ? absent : removed)
      if (next === undefined) this.jobs.delete(job.name)
      else job.after = next
      return
    }
  }

  /** Removes what markers have left behind, telling nobody: what they removed was emitted, or they are read again. */
  async finish(signal: AbortSignal): Promise<void> {
    for (const name of this.rows.keys()) {
      const position = this.stored(name)
      if (position === undefined || this.jobs.has(name)) continue
      for (let after: Buffer | undefined, isDone = false; !isDone && !signal.aborted; isDone = !after) {
        after = this.part(name, position, after, SILENT_STEP).next
        // heartbeats go on
        await new Promise<void>(resolve => setImmediate(resolve))
      }
    }
  }

  /** Lowest offset of an input whose marker is being worked on. */
  firstOffset(state: State): bigint | undefined {
    let lowest: bigint | undefined
    for (const job of this.jobs.values())
      if (job.state === state && (lowest === undefined || job.offset < lowest)) lowest = job.offset
    return lowest
  }

  private part(name: string, position: Position, after: Buffer | undefined, limit: number): Swept {
    return this.store.transaction(() => {
      const swept = this.rows.get(name)!.sweep({ position, after, limit })
      if (swept.next === undefined) this.store.remove(keyOf(name))
      return swept
    })
  }

  private stored(name: string): Position | undefined {
    const bytes = this.store.get(keyOf(name))
    return bytes === undefined ? undefined : decodePosition(bytes)
  }
}

const keyOf = (name: string): Buffer => metaKey(`sweep:${name}`)

/** The higher of two positions. */
export const higher = (a: Position | undefined, b: Position): Position =>
  a !== undefined && comparePositions(a, b) > 0 ? a : b

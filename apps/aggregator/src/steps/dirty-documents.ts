import { comparePositions, type Position } from '@headrace/wire'

/** A document that changed and has not been emitted since. */
export interface DirtyDocument {
  readonly key: string
  /** Grows with every change: an emission clears the mark only if it has not grown meanwhile (05 A14). */
  sequence: number
  /** ms, of the first and the last change. */
  readonly since: number
  touched: number
  /** Per input (its number in the view): the first offset that made it dirty. */
  readonly first: (number | undefined)[]
  /** It may stand in the document topic: when there is no root row, a tombstone must be written. */
  mayExist: boolean
  oldestCommitUs: bigint
  newestCommitUs: bigint
  asOf: Position | undefined
}

/** What made a document dirty. */
export interface Cause {
  /** Number of the input and offset of the record. */
  readonly input: number
  readonly offset: bigint
  readonly mayExist: boolean
  readonly commitTimeUs: bigint
  readonly position: Position | undefined
}

/** So many are kept back at most: a load of many documents would fill the memory with marks. */
export const MOST_KEPT = 50_000

/**
 * The dirty documents of one partition. In memory only: whatever made them dirty lies at or above the committed low-water
 * offset, so a successor reads it again and marks them anew (docs/decisions/0005).
 */
export class DirtyDocuments {
  private readonly marks = new Map<string, DirtyDocument>()

  get size(): number {
    return this.marks.size
  }

  /** More than may be kept: all are due. */
  get isCrowded(): boolean {
    return this.marks.size > MOST_KEPT
  }

  mark(key: string, { input, offset, mayExist, commitTimeUs, position }: Cause, now: number): void {
    let mark = this.marks.get(key)
    if (mark === undefined) {
      mark = {
        key,
        sequence: 0,
        since: now,
        touched: now,
        first: [],
        mayExist: false,
        oldestCommitUs: 0n,
        newestCommitUs: 0n,
        asOf: undefined,
      }
      this.marks.set(key, mark)
    }
    mark.sequence++
    mark.touched = now
    mark.mayExist ||= mayExist
    const first = mark.first[input]
    if (first === undefined || offset < first) mark.first[input] = Number(offset)
    if (commitTimeUs > 0n) {
      if (mark.oldestCommitUs === 0n || commitTimeUs < mark.oldestCommitUs) mark.oldestCommitUs = commitTimeUs
      if (commitTimeUs > mark.newestCommitUs) mark.newestCommitUs = commitTimeUs
    }
    if (position !== undefined && (mark.asOf === undefined || comparePositions(position, mark.asOf) > 0))
      mark.asOf = position
  }

  /**
   * At most `limit` documents to emit now (05 A11): those idle for `idleMs` or dirty for `maxMs`, any while there are too many.
   * The map keeps the order in which they became dirty, so the oldest go first.
   */
  due(
    now: number,
    { idleMs, maxMs, limit }: { readonly idleMs: number; readonly maxMs: number; readonly limit: number },
  ): DirtyDocument[] {
    const due: DirtyDocument[] = []
    const { isCrowded } = this
    for (const mark of this.marks.values()) {
      if (due.length >= limit) break
      if (isCrowded || now - mark.touched >= idleMs || now - mark.since >= maxMs) due.push(mark)
    }
    return due
  }

  /** Forgets what was emitted as of `sequence`, unless it changed since. */
  clear(key: string, sequence: number): void {
    if (this.marks.get(key)?.sequence === sequence) this.marks.delete(key)
  }

  /** Lowest offset of an input that some dirty document still needs, undefined when there is none. */
  firstOffset(input: number): number | undefined {
    let lowest: number | undefined
    for (const { first } of this.marks.values()) {
      const offset = first[input]
      if (offset !== undefined && (lowest === undefined || offset < lowest)) lowest = offset
    }
    return lowest
  }

  /** Since when the oldest is dirty, ms. */
  oldest(): number | undefined {
    for (const mark of this.marks.values()) return mark.since
    return undefined
  }
}

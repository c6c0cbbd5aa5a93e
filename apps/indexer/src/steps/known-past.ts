import { HeadraceError } from '@headrace/errors'
import type { PartitionReader } from '@headrace/kafka'
import { LONGEST_AWAY_MS } from '@headrace/pipeline'

const PROBE_EVERY_MS = 3_600_000

/** Where the end of a partition was once; taken that far, everything written before `atMs` is in the index. */
interface Probe {
  readonly atMs: number
  readonly end: bigint
}

interface Past {
  next: bigint
  /** Every tombstone that is not in the index was written later. ms since 1970. */
  asOfMs: number
  probe: Probe | undefined
}

export interface KnownPastOptions {
  readonly reader: Pick<PartitionReader, 'bounds' | 'readToEnd'>
  readonly topic: string
  /** ms since 1970 */
  readonly now?: () => number
}

/** Up to which time the partitions of one generation are known, whatever Kafka has forgotten since (06 E10). */
export class KnownPast {
  readonly #options: KnownPastOptions
  readonly #now: () => number
  readonly #partitions = new Map<number, Past>()
  #probedMs = -Infinity
  #looking = false

  constructor(options: KnownPastOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  begin(partition: number, next: bigint, asOfMs: number): void {
    this.#partitions.set(partition, { next, asOfMs, probe: undefined })
    this.#probedMs = -Infinity
  }

  /** Everything before `next` is in the index. */
  taken(partition: number, next: bigint): void {
    const past = this.#partitions.get(partition)
    if (past === undefined) return
    past.next = next
    this.#advance(past)
  }

  position(partition: number): { readonly next: bigint; readonly asOfMs: number } | undefined {
    return this.#partitions.get(partition)
  }

  /**
   * Call it every second. Once an hour it asks where the partitions end: `moved` are those whose known time moved without a record.
   * `outdated` is known up to a time too long ago to go on from.
   */
  async look(): Promise<{ readonly moved: readonly number[]; readonly outdated: number | undefined }> {
    if (this.#looking) return { moved: [], outdated: undefined }
    this.#looking = true
    try {
      const atMs = this.#now()
      const isDue = atMs - this.#probedMs >= PROBE_EVERY_MS
      const moved = isDue ? await this.#probe(atMs) : []
      if (isDue) this.#probedMs = atMs
      for (const partition of this.#tooOld()) await this.#lookBehind(partition)
      return { moved, outdated: this.#tooOld()[0] }
    } finally {
      this.#looking = false
    }
  }

  /** That a partition is outdated, in words. */
  outdated(partition: number): HeadraceError {
    const time = new Date(this.#partitions.get(partition)?.asOfMs ?? 0).toISOString()
    return new HeadraceError(
      'indexer.index_outdated',
      `deletes of ${this.#options.topic} are in the index for certain up to ${time} only; Kafka may have forgotten later ones`,
      { where: `partition ${partition}` },
    )
  }

  #tooOld(): readonly number[] {
    const now = this.#now()
    return [...this.#partitions].flatMap(([partition, { asOfMs }]) =>
      now - asOfMs > LONGEST_AWAY_MS ? [partition] : [],
    )
  }

  /**
   * Where all was switched off or stood still together, nothing was missed: nothing was written, or the very record at the position is
   * there still and young enough, so that none was removed before it.
   */
  async #lookBehind(partition: number): Promise<void> {
    const { reader, topic } = this.#options
    const past = this.#partitions.get(partition)
    if (past === undefined) return
    const { next } = past
    const atMs = this.#now()
    const { end } = await reader.bounds(topic, partition)
    if (next >= end) {
      past.asOfMs = Math.max(past.asOfMs, atMs)
      return
    }
    for await (const { records } of reader.readToEnd(topic, partition, next)) {
      const [first] = records
      if (first === undefined) continue
      if (first.offset === next) past.asOfMs = Math.max(past.asOfMs, first.timestamp)
      return
    }
  }

  async #probe(atMs: number): Promise<readonly number[]> {
    const { reader, topic } = this.#options
    const moved: number[] = []
    for (const [partition, past] of [...this.#partitions]) {
      // one that is not reached yet tells as much, and sooner
      past.probe ??= { atMs, end: (await reader.bounds(topic, partition)).end }
      if (this.#advance(past)) moved.push(partition)
    }
    return moved
  }

  #advance(past: Past): boolean {
    const { probe, next } = past
    if (probe === undefined || next < probe.end) return false
    past.asOfMs = Math.max(past.asOfMs, probe.atMs)
    past.probe = undefined
    return true
  }
}

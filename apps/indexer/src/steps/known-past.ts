import { HeadraceError } from '@headrace/errors'
import type { PartitionReader } from '@headrace/kafka'

/**
 * Compacted topics keep tombstones for 7 days (delete.retention.ms, set by `topics apply`). An index whose position is older may have
 * missed deletes for ever. A day less: clocks differ, and the tombstones still have to be read.
 */
export const LONGEST_AWAY_MS = 6 * 86_400_000
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
  readonly reader: Pick<PartitionReader, 'bounds'>
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

  /** Throws when a partition is known up to a time too long ago to go on from. */
  refuseTooOld(): void {
    for (const [partition, { asOfMs }] of this.#partitions) {
      if (this.#now() - asOfMs <= LONGEST_AWAY_MS) continue
      throw new HeadraceError(
        'indexer.index_outdated',
        `the index knows ${this.#options.topic} up to ${new Date(asOfMs).toISOString()} only; Kafka may have forgotten deletes since`,
        { where: `partition ${partition}` },
      )
    }
  }

  /** Call it every second. Once an hour it asks where the partitions end; gives those whose known time moved without a record. */
  async look(): Promise<readonly number[]> {
    const atMs = this.#now()
    if (this.#looking || atMs - this.#probedMs < PROBE_EVERY_MS) return []
    this.#looking = true
    try {
      const moved = await this.#probe(atMs)
      this.#probedMs = atMs
      return moved
    } finally {
      this.#looking = false
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

import type { IncomingRecord, PartitionReader } from '@headrace/kafka'

/** Records of one partition of a broadcast topic. */
export interface BroadcastPart {
  readonly topic: string
  readonly partition: number
  readonly records: readonly IncomingRecord[]
  readonly next: bigint
}

export interface BroadcastStart {
  readonly topic: string
  readonly partition: number
  readonly next: bigint
}

/**
 * Follows all partitions of the broadcast topics for a generation (05 A3): no group assigns them, every process reads them
 * all. A follower waits until what it has read is taken.
 */
export class BroadcastFeed {
  private readonly reader: PartitionReader
  private readonly end = new AbortController()
  private readonly followers: Promise<void>[]
  private parts: BroadcastPart[] = []
  private waiting: (() => void)[] = []
  private failure: { readonly error: unknown } | undefined
  private arrival = new AbortController()

  constructor(reader: PartitionReader, starts: readonly BroadcastStart[]) {
    this.reader = reader
    this.followers = starts.map(start => this.follow(start))
  }

  /** Something is there, or the reading has failed: `take` tells. */
  get hasArrived(): boolean {
    return this.parts.length > 0 || this.failure !== undefined
  }

  /** Fires when something comes; another one after each `take`. */
  get arrived(): AbortSignal {
    return this.arrival.signal
  }

  /** What has come since the last call. Throws what ended the reading. */
  take(): readonly BroadcastPart[] {
    if (this.failure !== undefined) throw this.failure.error
    const { parts, waiting } = this
    if (parts.length === 0) return parts
    this.parts = []
    this.waiting = []
    this.arrival = new AbortController()
    for (const goOn of waiting) goOn()
    return parts
  }

  async stop(): Promise<void> {
    this.end.abort()
    for (const goOn of this.waiting) goOn()
    await this.reader.stop()
    await Promise.all(this.followers)
  }

  private async follow({ topic, partition, next: from }: BroadcastStart): Promise<void> {
    const { signal } = this.end
    try {
      for await (const { records, next } of this.reader.follow(topic, partition, from, signal)) {
        if (signal.aborted) return
        this.parts.push({ topic, partition, records, next })
        this.arrival.abort()
        await new Promise<void>(resolve => this.waiting.push(resolve))
      }
    } catch (error) {
      if (signal.aborted) return
      this.failure = { error }
      this.arrival.abort()
    }
  }
}

/**
 * The shapes that services see of Kafka. Offsets are bigint everywhere; a position "next" is the offset of the
 * first record that has not been taken yet (what Kafka commits).
 */

/** One record to write. A null value is a tombstone. The partition is always named (wire's partitioner decides it). */
export interface OutgoingRecord {
  readonly topic: string
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Only dead letters carry headers (design 02 §2.3). */
  readonly headers?: Readonly<Record<string, string>>
}

/** One record as read. `key` and `value` are slices of the fetch buffer: copy what is kept. */
export interface IncomingRecord {
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** Broker's timestamp of the record, ms since 1970. */
  readonly timestamp: number
  readonly headers?: Readonly<Record<string, Buffer>>
}

/** Proof of who read something: the generation under which it was *fetched* (06 E4). */
export interface Membership {
  readonly groupId: string
  readonly memberId: string
  readonly generationId: number
  /** topic -> partitions of this member in this generation. */
  readonly assignment: Readonly<Record<string, readonly number[]>>
}

/** Records of one partition, in offset order, all fetched under one membership. */
export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly records: readonly IncomingRecord[]
  /** Position after this batch: last offset seen + 1, control records and aborted ones included. Commit this. */
  readonly next: bigint
  /** Last stable offset of the partition when the batch was fetched; `next >= endOffset` = drained. */
  readonly endOffset: bigint
  readonly membership: Membership
}

/** A position to commit. `metadata` (<= 4 kB) is stored beside it. */
export interface CommitOffset {
  readonly topic: string
  readonly partition: number
  readonly next: bigint
  readonly metadata?: string
}

/** What stands committed for a partition once no transaction on it is open. Null = nothing committed yet. */
export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly next: bigint | null
  readonly metadata: string
}

/** One transaction: records and the positions they come from. Either list may be empty, not both (06 E4a). */
export interface TransactionWork {
  readonly records: readonly OutgoingRecord[]
  /** Absent for a writer without a group (capture: its position record is among `records`). */
  readonly from?: { readonly membership: Membership; readonly offsets: readonly CommitOffset[] }
}

/**
 * All transactions of a process (06 E4): two transactional ids made from its stable name, used in turn.
 * `write` calls may not overlap: await one before the next.
 */
export interface FencedWriter {
  /**
   * Resolves when committed. Rejects with
   * - kafka.fenced: the membership is over, nothing was written. Drop the work; the next assignment begins anew. The writer goes on.
   * - kafka.transaction_lost: not committed, or outcome unknown (the message says which). `recover`, read the committed offsets, go on from there; or end.
   * - kafka.writer_fenced: another process of this name took over, or the transaction timed out (a process that was stopped). End.
   * - kafka.record_too_large: before anything was sent, when the writer's own limit is passed; the writer goes on.
   */
  write(work: TransactionWork): Promise<void>
  /** After kafka.transaction_lost: both ids made anew; then read the committed offsets to learn the outcome. */
  recover(): Promise<void>
  stop(): Promise<void>
}

/** What a service does with its partitions. Callbacks never overlap with each other. */
export interface ConsumerHandlers {
  /**
   * A generation began. All its partitions are paused until `start` is called for them, so a service can restore
   * state first, with heartbeats going on meanwhile. Everything of the generation before is void: queued batches were dropped.
   */
  assigned(membership: Membership): void
  /** The generation ended (rebalance, session lost, stop): stop working on its partitions now. */
  revoked(membership: Membership): void
}

export interface GroupConsumer {
  /** Begin reading a partition of the current generation: at `next`, or at its committed offset (or the start of the log when nothing is committed). Begun anew when it is read already: nothing of the reading before comes any more. */
  startPartition(membership: Membership, topic: string, partition: number, next?: bigint): void
  /**
   * The next batches: waits until at least one is there or `maxWaitMs` has passed or the signal fires; returns [] then.
   * Bounded by bytes inside: while the queue is full, nothing more is fetched but heartbeats go on.
   */
  poll(options: {
    readonly maxRecords: number
    readonly maxWaitMs: number
    readonly signal: AbortSignal
  }): Promise<readonly Batch[]>
  /** Stable committed offsets of the group for these partitions (OffsetFetch v7). */
  committed(topics: Readonly<Record<string, readonly number[]>>): Promise<readonly CommittedOffset[]>
  /** Plain commit for services whose effects are idempotent (indexer). Fenced by the membership's generation. */
  commit(membership: Membership, offsets: readonly CommitOffset[]): Promise<void>
  /** Lag of the started partitions of the current generation. */
  lag(): readonly PartitionLag[]
  /** Rejects when the consumer has failed for good (06 E3): the process must end. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

/** A reader without a group (06 E5a): state restore, control topics, dead letters, verify. */
export interface PartitionReader {
  /**
   * Everything from `from` on that was committed before the call, then ends. Transactions that were open then are
   * waited for (a killed process's end by their timeout). Compaction gaps and control records are passed.
   */
  readToEnd(
    topic: string,
    partition: number,
    from: bigint,
    signal?: AbortSignal,
  ): AsyncIterable<{ readonly records: readonly IncomingRecord[]; readonly next: bigint }>
  /** The same, but goes on with what comes, until the signal fires. */
  follow(
    topic: string,
    partition: number,
    from: bigint,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly records: readonly IncomingRecord[]; readonly next: bigint }>
  /** First offset still in the log and the last stable offset. */
  bounds(topic: string, partition: number): Promise<{ readonly start: bigint; readonly end: bigint }>
  /** End of what is written, open transactions included: behind a commit, which returns before its markers move the last stable offset. */
  written(topic: string, partition: number): Promise<bigint>
  stop(): Promise<void>
}

/** How far a partition is behind. */
export interface PartitionLag {
  readonly topic: string
  readonly partition: number
  /** Last stable offset of the last fetch minus the position of the last taken record (polled, not committed). */
  readonly records: number
  /** Age of the last taken record in s while behind, 0 when caught up. */
  readonly seconds: number
}

export interface TopicSpec {
  readonly topic: string
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

export interface TopicDescription {
  readonly topic: string
  readonly partitions: number
  /** In replicas per partition, of partition 0. */
  readonly replicas: number
  readonly config: Readonly<Record<string, string>>
}

export interface KafkaAdmin {
  /** Refuses brokers older than Kafka 3.9 (kafka.broker_too_old, 06 E6). */
  checkVersion(): Promise<void>
  clusterId(): Promise<string>
  list(): Promise<readonly string[]>
  /** Null when there is no such topic. */
  describe(topic: string): Promise<TopicDescription | null>
  /** Makes the missing ones and waits until all partitions have leaders. An existing topic with another number of partitions: kafka.partition_mismatch. Its configuration is left as it is. */
  ensure(topics: readonly TopicSpec[]): Promise<void>
  configure(topic: string, config: Readonly<Record<string, string>>): Promise<void>
  delete(topics: readonly string[]): Promise<void>
  /** Stable committed offsets of a group (OffsetFetch v7). */
  committed(
    groupId: string,
    topics: Readonly<Record<string, readonly number[]>>,
  ): Promise<readonly CommittedOffset[]>
  /** Sets the offsets of a group that has no members (pause / reset commands). */
  resetOffsets(groupId: string, offsets: readonly CommitOffset[]): Promise<void>
  /** How many members a group has now; 0 when there is no such group. */
  memberCount(groupId: string): Promise<number>
  /** Removes a group and its offsets, if there is such a group. While it has members: remove.in_use, and nothing is touched. */
  deleteGroup(groupId: string): Promise<void>
}

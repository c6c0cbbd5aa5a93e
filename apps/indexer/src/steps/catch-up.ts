import type { CommittedOffset, KafkaAdmin, PartitionReader } from '@headrace/kafka'

/** A group that has to come to the end of its topics. */
export interface CatchUpStage {
  readonly groupId: string
  readonly topics: readonly string[]
  /** Position that counts; null: none does. */
  readonly positionOf: (offset: CommittedOffset) => bigint | null
}

export interface CatchUpOptions {
  readonly admin: Pick<KafkaAdmin, 'committed'>
  readonly reader: Pick<PartitionReader, 'bounds'>
  readonly partitions: number
}

/** topic -> ends of its partitions. */
type Ends = ReadonlyMap<string, readonly bigint[]>

/**
 * Whether groups came to the end of their topics, one stage after the other: a stage's ends are those at the time at which the stage
 * before was over, so what one writes for the next is in them. A topic that is written to all the time is caught up with as well.
 */
export class CatchUp {
  readonly #options: CatchUpOptions
  readonly #stages: readonly CatchUpStage[]
  #over = 0
  #ends: Ends | undefined

  constructor(options: CatchUpOptions, stages: readonly CatchUpStage[]) {
    this.#options = options
    this.#stages = stages
  }

  /** Looks; stays true. */
  async isOver(): Promise<boolean> {
    for (let stage = this.#stages[this.#over]; stage !== undefined; stage = this.#stages[this.#over]) {
      this.#ends ??= await this.#endsOf(stage)
      if (!(await this.#isPast(stage, this.#ends))) return false
      this.#over++
      this.#ends = undefined
    }
    return true
  }

  async #endsOf({ topics }: CatchUpStage): Promise<Ends> {
    const { reader, partitions } = this.#options
    const ends = new Map<string, bigint[]>()
    for (const topic of topics) {
      const own: bigint[] = []
      for (let partition = 0; partition < partitions; partition++)
        own.push((await reader.bounds(topic, partition)).end)
      ends.set(topic, own)
    }
    return ends
  }

  async #isPast({ groupId, topics, positionOf }: CatchUpStage, ends: Ends): Promise<boolean> {
    const { admin, partitions } = this.#options
    const all = Array.from({ length: partitions }, (_, partition) => partition)
    const committed = await admin.committed(groupId, Object.fromEntries(topics.map(topic => [topic, all])))
    return [...ends].every(([topic, own]) =>
      own.every((end, partition) => {
        const offset = committed.find(one => one.topic === topic && one.partition === partition)
        const position = offset === undefined ? null : positionOf(offset)
        return position !== null && position >= end
      }),
    )
  }
}

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

/** A partition that has to be consumed up to here. */
interface Target {
  readonly topic: string
  readonly partition: number
  readonly end: bigint
}

/**
 * Whether groups came to the end of their topics, one stage after the other: a stage's ends are those at the time at which the stage
 * before was over, so what one writes for the next is in them. A topic that is written to all the time is caught up with as well.
 */
export class CatchUp {
  readonly #options: CatchUpOptions
  readonly #stages: readonly CatchUpStage[]
  #over = 0
  /** Of the stage that is not over: what is not reached yet. */
  #targets: readonly Target[] | undefined

  constructor(options: CatchUpOptions, stages: readonly CatchUpStage[]) {
    this.#options = options
    this.#stages = stages
  }

  /** Looks; stays true. */
  async isOver(): Promise<boolean> {
    for (let stage = this.#stages[this.#over]; stage !== undefined; stage = this.#stages[this.#over]) {
      this.#targets ??= await this.#targetsOf(stage)
      this.#targets = await this.#notReached(stage, this.#targets)
      if (this.#targets.length > 0) return false
      this.#over++
      this.#targets = undefined
    }
    return true
  }

  async #targetsOf({ topics }: CatchUpStage): Promise<readonly Target[]> {
    const { reader, partitions } = this.#options
    const targets: Target[] = []
    for (const topic of topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const { start, end } = await reader.bounds(topic, partition)
        // nothing to consume: nobody commits anything either
        if (start < end) targets.push({ topic, partition, end })
      }
    }
    return targets
  }

  /** Asked one by one: positions of a transaction under way are waited for, and with many members there is always one somewhere. */
  async #notReached(
    { groupId, positionOf }: CatchUpStage,
    targets: readonly Target[],
  ): Promise<readonly Target[]> {
    const left: Target[] = []
    for (const target of targets) {
      const { topic, partition, end } = target
      const [offset] = await this.#options.admin.committed(groupId, { [topic]: [partition] })
      const position = offset === undefined ? null : positionOf(offset)
      if (position === null || position < end) left.push(target)
    }
    return left
  }
}

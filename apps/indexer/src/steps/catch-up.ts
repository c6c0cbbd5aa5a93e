import type { CommittedOffset, KafkaAdmin, PartitionReader } from '@headrace/kafka'
import { decodeOffsetMetadata } from '@headrace/pipeline'

/** What looks at groups and topics need. */
export interface CatchUpServers {
  readonly admin: Pick<KafkaAdmin, 'committed'>
  readonly reader: Pick<PartitionReader, 'bounds' | 'written'>
  readonly partitions: number
}

/** An offset that a group has to commit. */
export interface CatchUpTarget {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  /** Topics that the group has to take for it. */
  readonly input: string
  isReached(offset: CommittedOffset): boolean
}

/** Says what has to be reached, as things are now. */
export type CatchUpStage = () => Promise<readonly CatchUpTarget[]>

/** A group has consumed topics to their ends. `positionOf`: the position that counts, null where none does. */
export const consumed =
  (
    { reader, partitions }: CatchUpServers,
    groupId: string,
    topics: readonly string[],
    positionOf: (offset: CommittedOffset) => bigint | null = ({ next }) => next,
  ): CatchUpStage =>
  async () => {
    const targets: CatchUpTarget[] = []
    for (const topic of topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const { start } = await reader.bounds(topic, partition)
        const end = await reader.written(topic, partition)
        // nothing to consume: nobody commits anything either
        if (start === end) continue
        const isReached = (offset: CommittedOffset): boolean => (positionOf(offset) ?? -1n) >= end
        targets.push({ groupId, topic, partition, input: topic, isReached })
      }
    }
    return targets
  }

/** Every partition of `topic` has worked in what the whole of `broadcasts` says: their positions stand beside its own (05 A3). */
export const workedIn =
  (
    { reader, partitions }: CatchUpServers,
    groupId: string,
    topic: string,
    broadcasts: readonly string[],
  ): CatchUpStage =>
  async () => {
    if (broadcasts.length === 0) return []
    const all = Array.from({ length: partitions }, (_, partition) => partition)
    const ends: bigint[][] = []
    for (const each of broadcasts) {
      const written = []
      for (const partition of all) written.push(await reader.written(each, partition))
      ends.push(written)
    }
    const isReached = ({ metadata }: CommittedOffset): boolean => {
      const positions = decodeOffsetMetadata(metadata).broadcasts
      return ends.every((of, index) =>
        of.every((end, partition) => (positions[index]?.[partition] ?? -1n) >= end),
      )
    }
    const input = broadcasts.join(', ')
    return all.map(partition => ({ groupId, topic, partition, input, isReached }))
  }

/**
 * Whether groups came to the end of their topics, one stage after the other: a stage's ends are those at the time at which the stage
 * before was over, so what one writes for the next is in them, also what waits for its markers. A topic that is written to all the time
 * is caught up with as well.
 */
export class CatchUp {
  readonly #admin: Pick<KafkaAdmin, 'committed'>
  readonly #stages: readonly CatchUpStage[]
  #over = 0
  /** Of the stage that is not over: what is not reached yet. */
  #targets: readonly CatchUpTarget[] | undefined

  constructor({ admin }: Pick<CatchUpServers, 'admin'>, stages: readonly CatchUpStage[]) {
    this.#admin = admin
    this.#stages = stages
  }

  /** In words; '' when nothing is waited for, or nobody has looked. */
  get waitsFor(): string {
    const [first] = this.#targets ?? []
    return first === undefined ? '' : `the group ${first.groupId}, to take what is in ${first.input}`
  }

  /** Looks; stays true. */
  async isOver(): Promise<boolean> {
    for (let stage = this.#stages[this.#over]; stage !== undefined; stage = this.#stages[this.#over]) {
      this.#targets ??= await stage()
      this.#targets = await this.#notReached(this.#targets)
      if (this.#targets.length > 0) return false
      this.#over++
      this.#targets = undefined
    }
    return true
  }

  /** Asked one by one: positions of a transaction under way are waited for, and with many members there is always one somewhere. */
  async #notReached(targets: readonly CatchUpTarget[]): Promise<readonly CatchUpTarget[]> {
    const left: CatchUpTarget[] = []
    for (const target of targets) {
      const { groupId, topic, partition } = target
      const [offset] = await this.#admin.committed(groupId, { [topic]: [partition] })
      if (offset === undefined || !target.isReached(offset)) left.push(target)
    }
    return left
  }
}

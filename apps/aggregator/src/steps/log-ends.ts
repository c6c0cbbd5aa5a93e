import type { PartitionReader } from '@headrace/kafka'
import type { PartitionTask } from './partition-task.ts'
import type { ViewInputs } from './view-inputs.ts'

/** Where the logs ended that a partition is made from. */
export interface LogEnds {
  /** ms, before they were read: what lies behind them was written later. */
  readonly at: number
  /** By topic, of the partition. */
  readonly own: ReadonlyMap<string, bigint>
  /** By topic, of all partitions. */
  readonly broadcasts: ReadonlyMap<string, readonly bigint[]>
}

export type Bounds = ReadonlyMap<string, { readonly start: bigint; readonly end: bigint }>

/** Of the partition's own topics. */
export const ownBounds = async (
  reader: PartitionReader,
  view: ViewInputs,
  partition: number,
): Promise<Bounds> =>
  new Map(
    await Promise.all(
      view.topics.map(async ({ topic }) => [topic, await reader.bounds(topic, partition)] as const),
    ),
  )

/** Of all partitions of the broadcast topics. */
export const broadcastEnds = async (
  { broadcasts, partitions }: ViewInputs,
  reader: PartitionReader,
): Promise<ReadonlyMap<string, readonly bigint[]>> =>
  new Map(
    await Promise.all(
      broadcasts.map(async ({ topic }) => {
        const ends = Array.from(
          { length: partitions },
          async (_, partition) => (await reader.bounds(topic, partition)).end,
        )
        return [topic, await Promise.all(ends)] as const
      }),
    ),
  )

export const endsOf = (bounds: Bounds): ReadonlyMap<string, bigint> =>
  new Map([...bounds].map(([topic, { end }]) => [topic, end]))

const LOOK_EVERY_MS = 3_600_000

/** Looks now and then where the logs end, for those partitions that have passed the ends that were seen last. */
export class EndsWatch {
  private readonly view: ViewInputs
  private readonly reader: () => PartitionReader
  private readonly tasks: readonly PartitionTask[]
  private readonly now: () => number
  private lookedAt: number

  constructor(
    view: ViewInputs,
    reader: () => PartitionReader,
    tasks: readonly PartitionTask[],
    now: () => number = Date.now,
  ) {
    this.view = view
    this.reader = reader
    this.tasks = tasks
    this.now = now
    this.lookedAt = now()
  }

  async look(): Promise<void> {
    const at = this.now()
    if (at - this.lookedAt < LOOK_EVERY_MS) return
    this.lookedAt = at
    const waiting = this.tasks.filter(({ completeAsOf }) => completeAsOf.wantsEnds)
    if (waiting.length === 0) return
    const reader = this.reader()
    try {
      const broadcasts = await broadcastEnds(this.view, reader)
      for (const { partition, completeAsOf } of waiting) {
        const own = endsOf(await ownBounds(reader, this.view, partition))
        completeAsOf.see({ at, own, broadcasts })
      }
    } finally {
      await reader.stop()
    }
  }
}

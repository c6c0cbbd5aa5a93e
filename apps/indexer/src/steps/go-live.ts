import type { IndexOptions, ViewIndex, ViewIndices } from '@headrace/elasticsearch'
import type { Kafka, PartitionReader } from '@headrace/kafka'
import type { Events } from '../events.ts'
import { trusted } from './index-session.ts'

const LOOK_EVERY_MS = 2_000

export interface GoLiveOptions {
  readonly kafka: Kafka
  readonly reader: PartitionReader
  readonly indices: ViewIndices
  readonly index: ViewIndex
  readonly indexOptions: IndexOptions
  readonly groupId: string
  readonly topic: string
  readonly view: string
  readonly partitions: number
  readonly events: Events
}

/** All members together have taken every partition to its end as it was when we looked. */
const isCaughtUp = async ({
  kafka,
  reader,
  index,
  groupId,
  topic,
  partitions,
}: GoLiveOptions): Promise<boolean> => {
  const all = Array.from({ length: partitions }, (_, partition) => partition)
  const ends: bigint[] = []
  for (const partition of all) ends.push((await reader.bounds(topic, partition)).end)
  const committed = await kafka.admin.committed(groupId, { [topic]: all })
  return all.every(partition => {
    const offset = committed.find(one => one.partition === partition)
    const next = offset === undefined ? null : trusted(offset, index)
    return next !== null && next >= ends[partition]!
  })
}

/** An index that was filled beside the live one takes its place once it is caught up (06 E10); the old one stays for a way back. */
export const goLiveWhenCaughtUp = (
  options: GoLiveOptions,
): { readonly look: () => void; readonly stop: () => Promise<void> } => {
  const { indices, index, indexOptions, view, events } = options
  let live = index.live
  let next = 0
  let looking: Promise<void> | undefined
  const attempt = async (): Promise<void> => {
    if (!(await isCaughtUp(options))) return
    await indices.goLive(view, index, indexOptions)
    live = true
    events.wentLive(view, index.name, await indices.count(index.name))
  }
  return {
    look: () => {
      if (live || looking !== undefined || performance.now() < next) return
      next = performance.now() + LOOK_EVERY_MS
      looking = attempt()
        // the next look tries again; what is really wrong shows in the session
        .catch((error: unknown) =>
          events.notYetLive(view, error instanceof Error ? error.message : String(error)),
        )
        .finally(() => {
          looking = undefined
        })
    },
    stop: async () => {
      live = true
      await looking
    },
  }
}

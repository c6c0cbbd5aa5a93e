import type { CommittedOffset, PartitionReader } from '@headrace/kafka'
import { decodeOffsetMetadata } from '@headrace/pipeline'
import { isTooLongAgo } from './complete-as-of.ts'
import type { LogEnds } from './log-ends.ts'
import type { ViewInputs } from './view-inputs.ts'

interface Place {
  readonly topic: string
  readonly partition: number
  readonly position: bigint
  readonly end: bigint
}

/**
 * As of when the documents of a partition lack no delete; undefined: nobody knows. Where what stands beside the positions is
 * too long ago, the logs may tell that nothing is missed all the same, as where everything was switched off.
 */
export const committedAsOf = async (
  reader: PartitionReader,
  view: ViewInputs,
  partition: number,
  committed: readonly CommittedOffset[],
  ends: LogEnds,
): Promise<number | undefined> => {
  const own = committed.filter(offset => offset.partition === partition)
  if (own.every(({ next }) => next === null)) return ends.at
  const first = own.find(({ topic }) => topic === view.topics[0]!.topic)
  const known = decodeOffsetMetadata(first?.metadata ?? '').asOf
  if (!isTooLongAgo(known, ends.at)) return known
  let asOf = ends.at
  for (const place of placesOf(view, partition, own, ends)) {
    const since = await writtenSince(reader, place)
    if (since === undefined) return known
    if (since < asOf) asOf = since
  }
  return asOf
}

/** Everything behind the position was written after this time, ms; Infinity: nothing was written; undefined: nobody knows. */
const writtenSince = async (
  reader: PartitionReader,
  { topic, partition, position, end }: Place,
): Promise<number | undefined> => {
  if (position >= end) return Infinity
  for await (const { records } of reader.readToEnd(topic, partition, position)) {
    const [first] = records
    // what stood before the first one may have been removed, a tombstone among it
    if (first !== undefined) return first.offset === position ? first.timestamp : undefined
  }
  // nothing is left but ends of transactions: what they ended may have been removed
  return undefined
}

/** The lowest position in each log that the partition is made from. */
const placesOf = (
  view: ViewInputs,
  partition: number,
  committed: readonly CommittedOffset[],
  ends: LogEnds,
): readonly Place[] => {
  const of = (name: string): CommittedOffset | undefined => committed.find(({ topic }) => topic === name)
  const own = view.topics.map(({ topic, routers, roots, hop }) => {
    const offset = of(topic)
    const next = offset?.next ?? 0n
    const isShared = routers.length > 0 && (roots.length > 0 || hop !== undefined)
    const routed = isShared ? (decodeOffsetMetadata(offset?.metadata ?? '').routed ?? 0n) : next
    return { topic, partition, position: routed < next ? routed : next, end: ends.own.get(topic)! }
  })
  const beside = decodeOffsetMetadata(of(view.topics[0]!.topic)?.metadata ?? '')
  const referred = view.broadcasts.flatMap(({ topic }, index) =>
    ends.broadcasts.get(topic)!.map((end, each) => ({
      topic,
      partition: each,
      position: beside.broadcasts[index]?.[each] ?? 0n,
      end,
    })),
  )
  return [...own, ...referred]
}

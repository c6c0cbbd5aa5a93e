import type { IndexBehind, IndexOptions, ViewIndex, ViewIndices } from '@headrace/elasticsearch'
import { codeOf, type ErrorCode, HeadraceError } from '@headrace/errors'
import type { KafkaAdmin, PartitionReader } from '@headrace/kafka'
import type { Events } from '../events.ts'
import { groupOf, trusted } from './index-session.ts'

/** While the index is filled beside another one. */
const FILLING_LOOK_MS = 2_000
/** Afterwards: an indexer of another plan may have moved the alias. */
const LIVE_LOOK_MS = 30_000

export interface KeepLiveOptions {
  readonly kafka: { readonly admin: Pick<KafkaAdmin, 'committed' | 'memberCount'> }
  readonly reader: Pick<PartitionReader, 'bounds'>
  readonly indices: Pick<ViewIndices, 'behind' | 'find' | 'goLive' | 'count'>
  readonly index: ViewIndex
  readonly indexOptions: IndexOptions
  readonly groupId: string
  readonly topic: string
  readonly view: string
  readonly partitions: number
  /** Throws when the topic was made anew: one that has grown again since would not show it. */
  readonly refuseRemade: () => Promise<void>
  readonly events: Pick<Events, 'wentLive' | 'leftLive' | 'notYetLive'>
  /** ms */
  readonly now?: () => number
}

/** All members together have taken every partition to its end as it was when we looked. */
const isCaughtUp = async ({
  kafka,
  reader,
  index,
  groupId,
  topic,
  partitions,
}: KeepLiveOptions): Promise<boolean> => {
  const all = Array.from({ length: partitions }, (_, partition) => partition)
  const ends: bigint[] = []
  for (const partition of all) ends.push((await reader.bounds(topic, partition)).end)
  const committed = await kafka.admin.committed(groupId, { [topic]: all })
  return all.every(partition => {
    const offset = committed.find(one => one.partition === partition)
    const known = offset === undefined ? null : trusted(offset, index)
    return known !== null && known.next >= ends[partition]!
  })
}

const isNewer = (name: string, { createdAtMs }: IndexBehind, index: ViewIndex): boolean =>
  createdAtMs === index.createdAtMs ? name > index.name : createdAtMs > index.createdAtMs

/**
 * While two plans run at once, the newer index has the alias: else a restart of an old indexer in a roll-out would take it back. One
 * that no indexer keeps in step any more gives way to an older one, as after a roll-back.
 */
const newerHolder = async (
  behind: ReadonlyMap<string, IndexBehind>,
  { kafka, index, groupId, view }: KeepLiveOptions,
): Promise<string | undefined> => {
  for (const [name, holder] of behind) {
    if (name === index.name || !isNewer(name, holder, index)) continue
    const group = groupOf(holder.pipeline ?? '', view, holder.plan ?? '')
    // of our own plan: filled from a later making of the topic than ours
    if (group === groupId || (await kafka.admin.memberCount(group)) > 0) return name
  }
  return undefined
}

/** A topic that rests would not show it: no write would miss the index. */
const refuseLost = (found: IndexBehind | undefined, { name, uuid }: ViewIndex): void => {
  if (found === undefined) throw new HeadraceError('elasticsearch.index_missing', `${name} was removed`)
  // what is committed says nothing about the new one: its documents would be missing
  if (found.uuid !== uuid)
    throw new HeadraceError('elasticsearch.index_missing', `${name} was removed and made again`)
  if (found.outdated === true)
    throw new HeadraceError('indexer.index_outdated', `another indexer gave ${name} up`)
}

const LOST: readonly ErrorCode[] = [
  'elasticsearch.index_missing',
  'indexer.index_outdated',
  'indexer.topic_remade',
]

/**
 * The view's alias moves to this index once it is caught up (06 E10), and is looked after from then on. The index that had it stays
 * for a way back. `look` throws once this index is found gone or given up, or its topic made anew.
 */
export const keepLive = (
  options: KeepLiveOptions,
): { readonly look: () => void; readonly stop: () => Promise<void> } => {
  const { indices, index, indexOptions, view, events, now = () => performance.now() } = options
  let stopped = false
  let next = -Infinity
  let left: string | undefined
  let looking: Promise<void> | undefined
  let gone: unknown
  /** Gives the time until the next look. */
  const attempt = async (): Promise<number> => {
    refuseLost(await indices.find(index.name), index)
    await options.refuseRemade()
    const behind = await indices.behind(view)
    if (behind.has(index.name) && behind.size === 1) return LIVE_LOOK_MS
    const holder = await newerHolder(behind, options)
    if (holder !== undefined) {
      if (holder !== left) events.leftLive(view, holder)
      left = holder
      return LIVE_LOOK_MS
    }
    left = undefined
    if (stopped || !(await isCaughtUp(options))) return FILLING_LOOK_MS
    await indices.goLive(view, index, indexOptions)
    events.wentLive(view, index.name, await indices.count(index.name))
    return LIVE_LOOK_MS
  }
  return {
    look: () => {
      if (gone !== undefined) throw gone
      if (stopped || looking !== undefined || now() < next) return
      looking = attempt()
        .catch((error: unknown) => {
          if (LOST.includes(codeOf(error))) gone = error
          // else the next look tries again; what is really wrong shows in the session
          events.notYetLive(view, error instanceof Error ? error.message : String(error))
          return FILLING_LOOK_MS
        })
        .then(delayMs => {
          next = now() + delayMs
          looking = undefined
        })
    },
    stop: async () => {
      stopped = true
      await looking
    },
  }
}

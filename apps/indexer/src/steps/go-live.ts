import type { IndexBehind, IndexOptions, ViewIndex, ViewIndices } from '@headrace/elasticsearch'
import { codeOf, type ErrorCode, HeadraceError } from '@headrace/errors'
import type { CommittedOffset, KafkaAdmin, PartitionReader } from '@headrace/kafka'
import type { AggregatorInputs } from '@headrace/pipeline'
import type { Events } from '../events.ts'
import { CatchUp, type CatchUpServers, consumed, workedIn } from './catch-up.ts'
import { groupOf, trusted } from './index-session.ts'
import type { Loads } from './load-watch.ts'

/** While the index is filled beside another one. */
const FILLING_LOOK_MS = 2_000
/** Afterwards: an indexer of another plan may have moved the alias. */
const LIVE_LOOK_MS = 30_000

export interface KeepLiveOptions {
  readonly kafka: { readonly admin: Pick<KafkaAdmin, 'committed' | 'memberCount'> }
  readonly reader: Pick<PartitionReader, 'bounds' | 'written'>
  readonly indices: Pick<ViewIndices, 'behind' | 'find' | 'goLive' | 'count'>
  readonly index: ViewIndex
  readonly indexOptions: IndexOptions
  readonly groupId: string
  readonly topic: string
  readonly view: string
  readonly partitions: number
  /** Partition -> id of the making that the index is filled from. */
  readonly incarnations: Readonly<Record<string, string>>
  readonly loads: () => Promise<Loads>
  readonly validator: { readonly groupId: string }
  /** What fills the topic. */
  readonly aggregator: AggregatorInputs & { readonly groupId: string }
  /** Throws when the topic was made anew: one that has grown again since would not show it. False: it cannot be told now. */
  readonly isSameTopic: () => Promise<boolean>
  readonly events: Pick<Events, 'wentLive' | 'leftLive' | 'notYetLive' | 'filling'>
  /** ms */
  readonly now?: () => number
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

/** The topic of an index that searches see: filled once already, as far as it ever was. */
const isSameMaking = (
  { documentTopic, incarnations }: IndexBehind,
  { topic, incarnations: own }: KeepLiveOptions,
): boolean =>
  documentTopic === topic && Object.entries(own).every(([partition, id]) => incarnations?.[partition] === id)

/**
 * All that was there when we looked first was judged, and documents were made of it: each hop of a row is read after the one before
 * (05 A2).
 */
const topicFilled = (options: KeepLiveOptions): CatchUp => {
  const { validator, aggregator } = options
  const servers = serversOf(options)
  const { groupId, topics, broadcasts, rawTopics, hops } = aggregator
  const joined = consumed(servers, groupId, topics)
  return new CatchUp(servers, [
    consumed(servers, validator.groupId, rawTopics),
    workedIn(servers, groupId, topics[0]!, broadcasts),
    ...Array.from({ length: hops + 1 }, () => joined),
  ])
}

/** All members together have taken every partition to its end as it was when we looked first. */
const indexFilled = (options: KeepLiveOptions): CatchUp => {
  const { groupId, topic, index } = options
  const servers = serversOf(options)
  const positionOf = (offset: CommittedOffset): bigint | null => trusted(offset, index)?.next ?? null
  return new CatchUp(servers, [consumed(servers, groupId, [topic], positionOf)])
}

const serversOf = ({ kafka, reader, partitions }: KeepLiveOptions): CatchUpServers => ({
  admin: kafka.admin,
  reader,
  partitions,
})

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

/** One look after the other at an index and the alias of its view. */
class AliasWatch {
  readonly #options: KeepLiveOptions
  #topicFilled: CatchUp
  #indexFilled: CatchUp
  /** Which loads the rows are from that the topic is filled with. */
  #loads: string | undefined
  #waitsFor = ''
  /** What was told last: each turn of events once. */
  #told: string | undefined

  constructor(options: KeepLiveOptions) {
    this.#options = options
    this.#topicFilled = topicFilled(options)
    this.#indexFilled = indexFilled(options)
  }

  /** Moves the alias if it is time to. Gives the time until the next look, in ms. */
  async look(isStopped: () => boolean): Promise<number> {
    const { indices, index, indexOptions, view, events } = this.#options
    refuseLost(await indices.find(index.name), index)
    if (!(await this.#options.isSameTopic())) return FILLING_LOOK_MS
    const behind = await indices.behind(view)
    if (behind.has(index.name) && behind.size === 1) return LIVE_LOOK_MS
    const holder = await newerHolder(behind, this.#options)
    if (holder !== undefined) {
      // nobody may feed our topic meanwhile: before the alias comes back, it is looked at anew
      this.#fillAnew()
      this.#tell(holder, () => events.leftLive(view, holder))
      return LIVE_LOOK_MS
    }
    if (isStopped()) return FILLING_LOOK_MS
    if (!(await this.#isCaughtUp(behind))) {
      const waitsFor = this.#waitsFor
      this.#tell(waitsFor, () => events.filling(view, index.name, [...behind.keys()], waitsFor))
      return FILLING_LOOK_MS
    }
    // it took its time
    if (isStopped()) return FILLING_LOOK_MS
    this.#told = undefined
    const before = behind.size === 0 ? undefined : await indices.count(view)
    await indices.goLive(view, index, indexOptions)
    events.wentLive(view, index.name, await indices.count(index.name), before)
    return LIVE_LOOK_MS
  }

  /** Searches would miss nothing of what is in the index that they see now. */
  async #isCaughtUp(behind: ReadonlyMap<string, IndexBehind>): Promise<boolean> {
    const { index } = this.#options
    const others = [...behind].filter(([name]) => name !== index.name)
    const isRefill = others.every(([, other]) => isSameMaking(other, this.#options))
    return (isRefill || (await this.#isTopicFilled())) && this.#isOver(this.#indexFilled)
  }

  async #isTopicFilled(): Promise<boolean> {
    if (!(await this.#isLoaded())) return false
    const filled = this.#topicFilled
    // a load that has begun meanwhile lies behind the ends that were reached
    return (await this.#isOver(filled)) && (await this.#isLoaded()) && filled === this.#topicFilled
  }

  /** Of a load that nobody saw, because it was short or nobody looked, the rows lie behind what was to be reached. */
  async #isLoaded(): Promise<boolean> {
    const { missing, loads } = await this.#options.loads()
    if (missing.length > 0 || loads !== this.#loads) this.#fillAnew()
    this.#loads = loads
    if (missing.length > 0) this.#waitsFor = `the load of ${missing.join(', ')}`
    return missing.length === 0
  }

  /** Ends that were seen, or reached, before are not enough. */
  #fillAnew(): void {
    this.#topicFilled = topicFilled(this.#options)
    this.#indexFilled = indexFilled(this.#options)
  }

  async #isOver(filled: CatchUp): Promise<boolean> {
    const isOver = await filled.isOver()
    if (!isOver) this.#waitsFor = filled.waitsFor
    return isOver
  }

  #tell(what: string, tell: () => void): void {
    if (this.#told !== what) tell()
    this.#told = what
  }
}

/**
 * The view's alias moves to this index once it is caught up (06 E10), and is looked after from then on. The index that had it stays
 * for a way back. `look` throws once this index is found gone or given up, or its topic made anew.
 */
export const keepLive = (
  options: KeepLiveOptions,
): { readonly look: () => void; readonly stop: () => void } => {
  const { view, events, now = () => performance.now() } = options
  const watch = new AliasWatch(options)
  let stopped = false
  let next = -Infinity
  let isLooking = false
  let gone: unknown
  return {
    look: () => {
      if (gone !== undefined) throw gone
      if (stopped || isLooking || now() < next) return
      isLooking = true
      void watch
        .look(() => stopped)
        .catch((error: unknown) => {
          if (LOST.includes(codeOf(error))) gone = error
          // else the next look tries again; what is really wrong shows in the session
          if (!stopped) events.notYetLive(view, error instanceof Error ? error.message : String(error))
          return FILLING_LOOK_MS
        })
        .then(delayMs => {
          next = now() + delayMs
          isLooking = false
        })
    },
    // a look under way may wait for a transaction of somebody else: what it finds is of no interest any more
    stop: () => {
      stopped = true
    },
  }
}

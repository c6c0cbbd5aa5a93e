import { join } from 'node:path'
import type {
  CommittedOffset,
  GroupConsumer,
  KafkaAdmin,
  Membership,
  PartitionReader,
  ReaderOptions,
} from '@headrace/kafka'
import type { Failpoints } from '@headrace/runtime'
import {
  openStore as openLmdbStore,
  type OpenedStore,
  type OpenStoreOptions,
  type Store,
  type StoreIdentity,
} from '@headrace/store'
import { decodeOffsetMetadata, encodeOffsetMetadata } from '@headrace/pipeline'
import { broadcastMaking, incarnations } from '../adapters/incarnations.ts'
import type { Events } from '../events.ts'
import { BroadcastTask } from './broadcast-task.ts'
import { committedAsOf } from './committed-as-of.ts'
import { CompleteAsOf, requireRecent } from './complete-as-of.ts'
import { Doubt } from './doubt.ts'
import { EdgeWriter } from './edge-writer.ts'
import { type GroupInputState, GroupTask } from './group-task.ts'
import { type Bounds, broadcastEnds, endsOf, type LogEnds, ownBounds } from './log-ends.ts'
import { PartitionTask, type TopicState } from './partition-task.ts'
import { requireKnownPast } from './require-known-past.ts'
import { broadcastStates, restoreBroadcasts } from './restore-broadcasts.ts'
import { restoreRoutes } from './restore-routes.ts'
import { RouterTask } from './router-task.ts'
import type { ViewInputs } from './view-inputs.ts'

export interface OpenTasksOptions {
  readonly view: ViewInputs
  readonly kafka: {
    readonly admin: Pick<KafkaAdmin, 'clusterId'>
    reader(options?: ReaderOptions): PartitionReader
  }
  readonly consumer: Pick<GroupConsumer, 'committed'>
  readonly dataDir: string
  readonly events: Events
  readonly failpoint: Failpoints
  /** For tests: where state is kept. */
  readonly openStore?: (options: OpenStoreOptions) => OpenedStore
  /** For tests: wall clock, ms. */
  readonly now?: () => number
}

/** A task and where each of its topics is to be read from. */
export interface OpenedTask {
  readonly task: PartitionTask
  readonly starts: readonly { readonly topic: string; readonly next: bigint }[]
}

/**
 * Opens the stores of a generation's partitions and brings them to a state from which live records can follow (05 A15). The
 * order matters: stable offsets first (older generations are then silent), ends of the logs, stores, indexes. When the
 * signal fires (the generation ended), what was opened is closed and nothing is returned.
 */
export const openTasks = async (
  options: OpenTasksOptions,
  membership: Membership,
  signal: AbortSignal,
): Promise<readonly OpenedTask[]> => {
  const { view, kafka, consumer, events, failpoint, now = Date.now } = options
  const partitions = [...(membership.assignment[view.topics[0]!.topic] ?? [])].sort((a, b) => a - b)
  const committed = await consumer.committed(
    Object.fromEntries(view.topics.map(({ topic }) => [topic, partitions])),
  )
  const reader = kafka.reader()
  const peek = kafka.reader({ fetch: { maxBytesPerPartition: 4096, maxBytes: 65_536 } })
  const opened: OpenedTask[] = []
  try {
    const cluster = await kafka.admin.clusterId()
    const at = now()
    const broadcasts = await broadcastEnds(view, reader)
    for (const partition of partitions) {
      if (signal.aborted) break
      await requireKnownPast(peek, view, partition, committed)
      const identity = {
        cluster,
        view: view.view,
        plan: view.plan,
        partition: String(partition),
        ...(await incarnations(peek, view, partition)),
      }
      const bounds = await ownBounds(reader, view, partition)
      const ends = { at, own: endsOf(bounds), broadcasts }
      const asOf = await committedAsOf(peek, view, partition, committed, ends)
      requireRecent(view, partition, asOf, at)
      opened.push(openTask(options, { partition, identity, committed, bounds, ends, asOf }))
    }
    for (const { task } of opened) {
      const onPart = (records: number): void => events.restored(view.view, records)
      await rebuildGroup(task, reader, signal, onPart)
      failpoint('aggregator.during_restore')
      await restoreRoutes(task, reader, signal, onPart)
      await restoreBroadcasts(task, reader, signal, onPart)
      failpoint('aggregator.restored')
    }
  } catch (error) {
    await Promise.all(opened.map(({ task }) => task.close()))
    throw error
  } finally {
    await Promise.all([reader.stop(), peek.stop()])
  }
  if (!signal.aborted) return opened
  await Promise.all(opened.map(({ task }) => task.close()))
  return []
}

interface Found {
  readonly partition: number
  readonly identity: StoreIdentity
  readonly committed: readonly CommittedOffset[]
  readonly bounds: Bounds
  readonly ends: LogEnds
  /** As of when the documents lack no delete. */
  readonly asOf: number | undefined
}

const openTask = (
  options: OpenTasksOptions,
  { partition, identity, committed, bounds, ends, asOf }: Found,
): OpenedTask => {
  const { view, now = Date.now } = options
  const found = committed.filter(offset => offset.partition === partition)
  const store = openFreshEnough(options, partition, identity)
  const routers = view.routers.map(input => new RouterTask(input, store, partition, view.partitions))
  const making = broadcastMaking(identity)
  const isFromTheStart = isOfAnotherMaking(view, found, making)
  const own = isFromTheStart ? fromTheStart(view, found) : found
  const topics = topicStates({ view, store, routers, committed: own, bounds })
  for (const { state, next, end } of topics) {
    // an empty rest of the log gives no batch that would say so
    state.isDrained = next >= end
  }
  const states = topics.flatMap(({ state }) => (state.group === undefined ? [] : [state.group]))
  const hasHistory = own.some(({ next }) => next !== null)
  const group = new GroupTask(view, store, states, hasHistory)
  const { broadcasts } = decodeOffsetMetadata(topics[0]!.state.committedMetadata)
  const completeAsOf = new CompleteAsOf({ view, partition, store, committed: asOf, now })
  completeAsOf.see(ends)
  const dimensions = broadcastStates(view, store, ends.broadcasts, broadcasts)
  const task = new PartitionTask({
    partition,
    store,
    group,
    broadcasts: new BroadcastTask(view.broadcasts, store, group, dimensions),
    edges: view.edges.map(
      input =>
        routers.find(router => router.input.plan === input.plan)?.edge ??
        new EdgeWriter(input, store, partition, view.partitions),
    ),
    topics: topics.map(({ state }) => state),
    making,
    isFromTheStart,
    completeAsOf,
    target: { topic: view.documentTopic, partition, dead: view.dead },
  })
  return { task, starts: topics.map(({ state, next }) => ({ topic: state.input.topic, next })) }
}

/** The store of a partition, emptied if it may have missed tombstones. */
const openFreshEnough = (
  { view, dataDir, events, openStore = openLmdbStore, now = Date.now }: OpenTasksOptions,
  partition: number,
  identity: StoreIdentity,
): Store => {
  const folder = join(dataDir, view.view, view.plan, String(partition))
  const { store, beginning } = openStore({ folder, identity })
  const isTooOld = beginning === 'kept' && CompleteAsOf.isTooOld(store, now())
  if (isTooOld) store.wipe()
  if (isTooOld || beginning !== 'kept') CompleteAsOf.begin(store, now())
  events.storeOpened(view.view, partition, isTooOld ? 'age' : beginning)
  return store
}

/** A topic that is referred to was made anew since the positions in it were committed. */
const isOfAnotherMaking = (
  view: ViewInputs,
  committed: readonly CommittedOffset[],
  making: string,
): boolean => {
  const first = committed.find(({ topic }) => topic === view.topics[0]!.topic)
  const known = decodeOffsetMetadata(first?.metadata ?? '').making
  return known !== '' && known !== making
}

/** Every document is made again: what it referred to may not have come back. The routers' positions stay. */
const fromTheStart = (view: ViewInputs, committed: readonly CommittedOffset[]): readonly CommittedOffset[] =>
  committed.map(offset => {
    const input = view.topics.find(({ topic }) => topic === offset.topic)!
    if (offset.next === null || (input.roots.length === 0 && input.hop === undefined)) return offset
    const { routed, sweeping } = decodeOffsetMetadata(offset.metadata)
    const kept = { routed, broadcasts: [], making: '', asOf: undefined, sweeping }
    return { ...offset, next: 0n, metadata: encodeOffsetMetadata(kept) }
  })

interface TopicParts {
  readonly view: ViewInputs
  readonly store: Store
  readonly routers: readonly RouterTask[]
  /** Of the partition. */
  readonly committed: readonly CommittedOffset[]
  readonly bounds: Bounds
}

const topicStates = ({ view, store, routers, committed, bounds }: TopicParts) =>
  view.topics.map((input, number) => {
    const { start, end } = bounds.get(input.topic)!
    const offset = committed.find(({ topic }) => topic === input.topic)
    const group =
      input.roots.length === 0 && input.hop === undefined
        ? undefined
        : groupState(store, input, number, offset?.next ?? 0n, end)
    const metadata = offset?.metadata ?? ''
    const beside = decodeOffsetMetadata(metadata)
    const routed = group === undefined ? (offset?.next ?? 0n) : (beside.routed ?? 0n)
    const state: TopicState = {
      input,
      group,
      routers: routers.filter(router => input.routers.includes(router.input)),
      routed,
      committed: offset?.next ?? undefined,
      committedMetadata: metadata,
      isDrained: false,
    }
    if (beside.sweeping !== undefined) for (const router of state.routers) router.sweepFrom(beside.sweeping)
    const next = [
      ...(group === undefined ? [] : [group.consumed]),
      ...(state.routers.length > 0 ? [routed] : []),
    ].reduce((a, b) => (a < b ? a : b))
    return { state, next: next > start ? next : start, end }
  })

/** Goes on from what was emitted: what the store has beyond it marks its documents again, what it lacks is rebuilt first. */
const groupState = (
  store: Store,
  input: GroupInputState['input'],
  number: number,
  emittedTo: bigint,
  end: bigint,
): GroupInputState => ({
  number,
  input,
  emittedTo,
  doubt: new Doubt(end),
  applied: GroupTask.applied(store, input.topic),
  consumed: emittedTo,
})

/** Up to what was emitted, silently (05 A15). Everything else follows through the consumer. */
const rebuildGroup = async (
  task: PartitionTask,
  reader: PartitionReader,
  signal: AbortSignal,
  onPart: (records: number) => void,
): Promise<void> => {
  await task.group.finishSweeps(signal)
  for (const state of task.group.states) {
    if (state.applied >= state.emittedTo) continue
    const { topic } = state.input
    const { start } = await reader.bounds(topic, task.partition)
    const from = state.applied > start ? state.applied : start
    for await (const { records, next } of reader.readToEnd(topic, task.partition, from, signal)) {
      onPart(records.length)
      const goesOn = task.group.rebuild(state, records, next)
      await task.group.finishSweeps(signal)
      if (!goesOn) break
    }
  }
}

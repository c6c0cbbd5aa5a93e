import type { PartitionReader } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import { type BroadcastState, BroadcastTask } from './broadcast-task.ts'
import type { BroadcastStart } from './broadcast-feed.ts'
import { Doubt } from './doubt.ts'
import type { PartitionTask } from './partition-task.ts'
import type { ViewInputs } from './view-inputs.ts'

/** Where each partition of each broadcast topic stands, in the order of the view: `emitted` is what was committed. */
export const broadcastStates = (
  view: ViewInputs,
  store: Store,
  ends: ReadonlyMap<string, readonly bigint[]>,
  emitted: readonly (readonly bigint[])[],
): readonly BroadcastState[] =>
  view.broadcasts.flatMap((input, index) =>
    ends.get(input.topic)!.map((end, partition) => ({
      number: view.topics.length + index * view.partitions + partition,
      input,
      partition,
      emittedTo: emitted[index]?.[partition] ?? 0n,
      doubt: new Doubt(end),
      applied: BroadcastTask.applied(store, input.topic, partition),
    })),
  )

/**
 * Up to the end of the logs: silently what was emitted, marking the rest (05 A3, A15). Must run after the group was rebuilt,
 * for only then it is known who refers to what.
 */
export const restoreBroadcasts = async (
  { broadcasts }: PartitionTask,
  reader: PartitionReader,
  signal: AbortSignal,
  onPart: (records: number) => void,
): Promise<void> => {
  await broadcasts.finishSweeps(signal)
  for (const state of broadcasts.states) {
    const { topic } = state.input
    const { start } = await reader.bounds(topic, state.partition)
    const from = state.applied < state.emittedTo ? state.applied : state.emittedTo
    const begin = from > start ? from : start
    for await (const { records, next } of reader.readToEnd(topic, state.partition, begin, signal)) {
      broadcasts.take(state, records, next)
      await broadcasts.finishSweeps(signal)
      onPart(records.length)
    }
    state.doubt.read(state.applied, (await reader.bounds(topic, state.partition)).end)
  }
}

/** From where a process has to follow the broadcast topics for all its partitions. */
export const broadcastStarts = (tasks: readonly PartitionTask[]): readonly BroadcastStart[] => {
  const starts = new Map<string, BroadcastStart>()
  for (const { broadcasts } of tasks) {
    for (const { input, partition, applied } of broadcasts.states) {
      const name = `${partition} ${input.topic}`
      const known = starts.get(name)
      if (known === undefined || applied < known.next)
        starts.set(name, { topic: input.topic, partition, next: applied })
    }
  }
  return [...starts.values()]
}

import type { PartitionReader } from '@headrace/kafka'
import { isMarkerKey } from '@headrace/wire'
import type { EdgeWriter } from './edge-writer.ts'
import type { PartitionTask } from './partition-task.ts'

/**
 * Brings the indexes of a partition's edges up to their topics (05 A14, A15). Must run after the group's stable offsets
 * were read: then no transaction of an older generation can still be committed, and what is in the log is everything.
 */
export const restoreRoutes = async (
  task: PartitionTask,
  reader: PartitionReader,
  signal: AbortSignal,
  onPart: (records: number) => void,
): Promise<void> => {
  for (const edge of task.edges) await restoreIndex(task, edge, reader, signal, onPart)
}

const restoreIndex = async (
  { partition, store }: PartitionTask,
  { input, index }: EdgeWriter,
  reader: PartitionReader,
  signal: AbortSignal,
  onPart: (records: number) => void,
): Promise<void> => {
  const { start } = await reader.bounds(input.indexTopic, partition)
  const from = index.restoredTo > start ? index.restoredTo : start
  for await (const { records, next } of reader.readToEnd(input.indexTopic, partition, from, signal)) {
    store.transaction(() => {
      for (const { key, value } of records) {
        if (key !== null && value !== null && !isMarkerKey(key)) index.restore(key.toString(), value)
      }
      index.setRestoredTo(next)
    })
    onPart(records.length)
  }
}

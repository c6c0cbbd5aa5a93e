import type { CommittedOffset, PartitionReader } from '@headrace/kafka'
import { isMarkerKey } from '@headrace/wire'
import { pastUnknown } from './past-unknown.ts'
import type { ViewInputs } from './view-inputs.ts'

/**
 * Kafka forgets a group's offsets when nobody was in it for long (offsets.retention.minutes, 7 days), and by then compaction
 * may have removed tombstones that were never read: what they deleted would stand in the documents for ever (05 A15,
 * case 48). Documents without committed offsets show it.
 */
export const requireKnownPast = async (
  reader: PartitionReader,
  view: ViewInputs,
  partition: number,
  committed: readonly CommittedOffset[],
): Promise<void> => {
  if (committed.some(offset => offset.partition === partition && offset.next !== null)) return
  const { documentTopic: topic } = view
  const { start } = await reader.bounds(topic, partition)
  for await (const { records } of reader.readToEnd(topic, partition, start)) {
    if (!records.some(({ key }) => key !== null && !isMarkerKey(key))) continue
    throw pastUnknown(
      view,
      `the group ${view.groupId} has no committed offsets, although it has made documents: it stood still for longer than Kafka keeps offsets, or they were removed`,
    )
  }
}

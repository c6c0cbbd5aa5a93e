import { HeadraceError } from '@headrace/errors'
import type { CommittedOffset, PartitionReader } from '@headrace/kafka'
import { isMarkerKey } from '@headrace/wire'
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
    if (records.some(({ key }) => key !== null && !isMarkerKey(key))) throw pastUnknown(view)
  }
}

const pastUnknown = ({ view, groupId, documentTopic, edges }: ViewInputs): HeadraceError => {
  const made = [documentTopic, ...edges.flatMap(({ hopTopic, indexTopic }) => [hopTopic, indexTopic])]
  return new HeadraceError(
    'aggregate.past_unknown',
    `the group ${groupId} has no committed offsets, although it has made documents: it stood still for longer than Kafka keeps offsets, or they were removed`,
    {
      where: `view ${view}`,
      hint: `Delete the topics ${made.join(', ')} and run \`headrace topics apply\`: the documents are made anew from the validated topics, and the indexer fills a new index beside the old one.`,
    },
  )
}

import { type PartitionReader, SourcePositions } from '@headrace/kafka'
import type { Pipeline } from '@headrace/pipeline'

/** Tells whether each source has read all its tables; one that is to begin, as after `source reset`, has not (03 C3). */
export const loadWatch = (
  { sources, topics }: Pick<Pipeline, 'sources' | 'topics'>,
  reader: Pick<PartitionReader, 'bounds' | 'readToEnd'>,
): (() => Promise<boolean>) => {
  const positions = new SourcePositions(reader, topics.positions)
  return async () => {
    if (sources.length === 0) return true
    const bySlot = await positions.look()
    return sources.every(({ slot }) => bySlot.get(slot)?.snapshot?.finished === true)
  }
}

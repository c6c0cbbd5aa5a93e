import type { OutgoingRecord, PartitionReader } from '@headrace/kafka'
import { CapturePosition } from '@headrace/wire'

/** All positions are in one partition. */
const PARTITION = 0

/** The record that goes along with the rows it speaks of (03 C3). */
export const positionRecord = (topic: string, position: CapturePosition): OutgoingRecord => ({
  topic,
  partition: PARTITION,
  key: Buffer.from(position.slot),
  value: Buffer.from(CapturePosition.encode(position).finish()),
})

/** The newest committed position of a slot. The writer's ids must be initialised before, so that no older owner adds to it. */
export const readPosition = async (
  reader: PartitionReader,
  topic: string,
  slot: string,
): Promise<CapturePosition | null> => {
  const { start } = await reader.bounds(topic, PARTITION)
  let newest: CapturePosition | null = null
  for await (const { records } of reader.readToEnd(topic, PARTITION, start)) {
    for (const record of records) {
      if (record.key?.toString() !== slot) continue
      newest = record.value === null ? null : CapturePosition.decode(record.value)
    }
  }
  return newest
}

import type { OutgoingRecord, PartitionReader } from '@headrace/kafka'
import { CapturePosition, TableShapes } from '@headrace/wire'

/** All positions are in one partition. */
const PARTITION = 0

/** The record that goes along with the rows it speaks of (03 C3). */
export const positionRecord = (topic: string, position: CapturePosition): OutgoingRecord => ({
  topic,
  partition: PARTITION,
  key: Buffer.from(position.slot),
  value: Buffer.from(CapturePosition.encode(position).finish()),
})

const shapesKey = (slot: string): string => `${slot}/shapes`

/** The catalogue as it was compared, in the same topic (03 C8). */
export const shapesRecord = (topic: string, slot: string, shapes: TableShapes): OutgoingRecord => ({
  topic,
  partition: PARTITION,
  key: Buffer.from(shapesKey(slot)),
  value: Buffer.from(TableShapes.encode(shapes).finish()),
})

export interface Known {
  readonly position: CapturePosition | null
  /** The highest of other slots, 0 when there is none: rows of our tables may be theirs, from before a source got another name. */
  readonly epochOfOthers: number
  readonly shapes: TableShapes | null
}

/** The newest committed position of a slot, its catalogue, and how far others are. The writer's ids must be initialised before, so that no older owner adds to it. */
export const readPosition = async (reader: PartitionReader, topic: string, slot: string): Promise<Known> => {
  const { start } = await reader.bounds(topic, PARTITION)
  let position: CapturePosition | null = null
  let shapes: TableShapes | null = null
  let epochOfOthers = 0
  for await (const { records } of reader.readToEnd(topic, PARTITION, start)) {
    for (const record of records) {
      const { value } = record
      const key = record.key?.toString()
      if (key === undefined) continue
      if (key === slot) position = value === null ? null : CapturePosition.decode(value)
      else if (key === shapesKey(slot)) shapes = value === null ? null : TableShapes.decode(value)
      // what belongs to a slot beside its position: <slot>/...
      else if (!key.includes('/') && value !== null)
        epochOfOthers = Math.max(epochOfOthers, CapturePosition.decode(value).epoch)
    }
  }
  return { position, shapes, epochOfOthers }
}

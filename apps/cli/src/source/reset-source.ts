import { type Kafka, SourcePositions } from '@headrace/kafka'
import type { Pipeline, PostgresSource } from '@headrace/pipeline'
import { CapturePosition } from '@headrace/wire'

/** Positions are in one partition (03 C2). */
const PARTITION = 0

/**
 * Begins another epoch of a source: its next position says that the first load has not finished, so capture drops the slot,
 * loads all tables and sweeps what is gone. The epoch is behind those of all sources, for a table may have been another's.
 * Written under capture's own name, so a running capture is fenced and starts anew.
 * @returns the epoch, undefined when capture had no position
 */
export const resetSource = async (
  kafka: Kafka,
  { name, topics }: Pick<Pipeline, 'name' | 'topics'>,
  { slot }: Pick<PostgresSource, 'slot'>,
): Promise<number | undefined> => {
  const writer = await kafka.writer({ name: `${name}.capture.${slot}` })
  const reader = kafka.reader()
  try {
    const positions = await new SourcePositions(reader, topics.positions).look()
    const position = positions.get(slot)
    if (position === undefined) return undefined
    const epoch = 1 + Math.max(...[...positions.values()].map(each => each.epoch))
    const next: CapturePosition = {
      ...position,
      epoch,
      complete: false,
      snapshot: { consistentLsn: 0n, finished: false, tables: [] },
    }
    const value = Buffer.from(CapturePosition.encode(next).finish())
    await writer.write({
      records: [{ topic: topics.positions, partition: PARTITION, key: Buffer.from(slot), value }],
    })
    return epoch
  } finally {
    await reader.stop()
    await writer.stop()
  }
}

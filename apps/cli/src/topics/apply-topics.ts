import { HeadraceError } from '@headrace/errors'
import type { Kafka, OutgoingRecord, PartitionReader } from '@headrace/kafka'
import { isMarkerKey } from '@headrace/wire'
import { incarnationMarker } from './incarnation-marker.ts'
import type { PlannedTopic } from './topic-plan.ts'

export interface AppliedTopics {
  /** Topics that were made now. */
  readonly created: readonly string[]
  /** Partitions that got their marker now. */
  readonly marked: number
  /** Topics that were there and take larger records now. */
  readonly enlarged: readonly string[]
}

const SIZE = 'max.message.bytes'

/** Existing topics take what the pipeline's limits say at least; nothing else of them changes unasked, a larger limit neither. */
const enlarge = async ({ admin }: Kafka, topics: readonly PlannedTopic[]): Promise<readonly string[]> => {
  const enlarged = await Promise.all(
    topics.map(async ({ topic, config }) => {
      const wanted = config[SIZE]
      const found = await admin.describe(topic)
      if (wanted === undefined || found === null || Number(found.config[SIZE]) >= Number(wanted)) return []
      await admin.configure(topic, { [SIZE]: wanted })
      return [topic]
    }),
  )
  return enlarged.flat()
}

type Beginning = 'marked' | 'empty' | 'expired' | 'foreign'

/**
 * How a partition begins. Offsets alone do not tell: a transaction that was aborted leaves offsets behind without a record, and
 * one that is being committed has a record that nobody sees yet. `expired`: retention removed the beginning, so the marker was
 * there once.
 */
const beginningOf = async (reader: PartitionReader, topic: string, partition: number): Promise<Beginning> => {
  const { start } = await reader.bounds(topic, partition)
  for await (const { records } of reader.readToEnd(topic, partition, start)) {
    const first = records[0]
    if (first === undefined) continue
    if (isMarkerKey(first.key)) return 'marked'
    return start > 0n ? 'expired' : 'foreign'
  }
  return start > 0n ? 'expired' : 'empty'
}

const missingMarkers = async (
  reader: PartitionReader,
  topics: readonly PlannedTopic[],
): Promise<readonly OutgoingRecord[]> => {
  const records: OutgoingRecord[] = []
  for (const { topic, partitions, values } of topics) {
    if (values === 'plain') continue
    for (let partition = 0; partition < partitions; partition++) {
      const beginning = await beginningOf(reader, topic, partition)
      if (beginning === 'foreign') {
        throw new HeadraceError(
          'topics.foreign',
          `the first record of ${topic} is not the marker of its making`,
          {
            where: `${topic}-${partition}`,
            hint: 'Something wrote to the topic before `headrace topics apply` had ended, or it belongs to somebody else. Use another pipeline name, or delete the topic.',
          },
        )
      }
      if (beginning === 'empty') records.push({ topic, partition, ...incarnationMarker(values) })
    }
  }
  return records
}

/**
 * Makes the topics that are missing, enlarges those that take too small records, and writes the incarnation markers that are missing, all in one fenced transaction.
 * Idempotent: an apply that was interrupted is completed by the next. Throws kafka.partition_mismatch, topics.foreign.
 */
export const applyTopics = async (
  kafka: Kafka,
  pipeline: string,
  plan: readonly PlannedTopic[],
): Promise<AppliedTopics> => {
  const known = new Set(await kafka.admin.list())
  const created = plan.map(({ topic }) => topic).filter(topic => !known.has(topic))
  await kafka.admin.ensure(plan.map(({ topic, partitions, config }) => ({ topic, partitions, config })))
  const enlarged = await enlarge(
    kafka,
    plan.filter(({ topic }) => known.has(topic)),
  )
  // The writer comes first: it ends the open transaction of an apply that still runs elsewhere or was killed.
  const writer = await kafka.writer({ name: `${pipeline}.topics` })
  const reader = kafka.reader()
  try {
    const records = await missingMarkers(reader, plan)
    if (records.length > 0) await writer.write({ records })
    return { created, marked: records.length, enlarged }
  } finally {
    await reader.stop()
    await writer.stop()
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { HeadraceError } from '@headrace/errors'
import type { KafkaAdmin, PartitionReader } from '@headrace/kafka'
import { DocumentRecord, MarkerKind } from '@headrace/wire'

const EVERY_MS = 1_000

export interface MarkedTopic {
  readonly reader: PartitionReader
  readonly topic: string
  readonly partitions: number
  readonly signal: AbortSignal
}

export interface DocumentTopicOptions extends MarkedTopic {
  readonly admin: KafkaAdmin
  /** Called at each look in vain. */
  readonly waiting: (why: string) => void
}

/** Id of the topic's making from an encoded record; undefined when the record is something else. */
export const incarnationOf = (value: Buffer | null): string | undefined => {
  if (value === null) return undefined
  const { record } = DocumentRecord.decode(value)
  return record?.$case === 'marker' && record.value.kind === MarkerKind.INCARNATION
    ? record.value.incarnation
    : undefined
}

const firstIncarnation = async (
  { reader, topic, signal }: MarkedTopic,
  partition: number,
): Promise<string | undefined> => {
  const { start } = await reader.bounds(topic, partition)
  for await (const { records } of reader.readToEnd(topic, partition, start, signal)) {
    for (const { value } of records) {
      const id = incarnationOf(value)
      if (id !== undefined) return id
      throw new HeadraceError(
        'indexer.topic_unmarked',
        `partition ${partition} of ${topic} does not begin with an incarnation marker`,
        {
          hint: 'The topic was not made by `headrace topics apply`. Delete it, run that, and let the aggregator fill it anew.',
        },
      )
    }
  }
  return undefined
}

/** Partition -> id of the topic's making; undefined while one has no marker yet. */
const incarnationsOf = async (
  options: MarkedTopic,
): Promise<Readonly<Record<string, string>> | undefined> => {
  const ids: Record<string, string> = {}
  for (let partition = 0; partition < options.partitions; partition++) {
    const id = await firstIncarnation(options, partition)
    if (id === undefined) return undefined
    ids[partition] = id
  }
  return ids
}

/** Services never make topics (design 02 §2.3): wait until ours is there with its partitions and markers, and give those. */
export const awaitDocumentTopic = async (
  options: DocumentTopicOptions,
): Promise<Readonly<Record<string, string>>> => {
  const { admin, topic, partitions, signal, waiting } = options
  for (;;) {
    signal.throwIfAborted()
    const found = await admin.describe(topic)
    if (found !== null && found.partitions !== partitions) {
      throw new HeadraceError(
        'kafka.partition_mismatch',
        `${topic} has ${found.partitions} partitions, the pipeline says ${partitions}`,
      )
    }
    const ids = found === null ? undefined : await incarnationsOf(options)
    if (ids !== undefined) return ids
    waiting(
      found === null
        ? 'the document topic does not exist yet; `headrace topics apply` makes it'
        : 'the incarnation markers are not written yet',
    )
    await sleep(EVERY_MS, undefined, { signal })
  }
}

/** Throws when a partition is of another making than the index was filled from. */
export const refuseOther = (
  topic: string,
  partition: number,
  id: string,
  incarnations: Readonly<Record<string, string>>,
): void => {
  if (incarnations[partition] === id) return
  throw new HeadraceError('indexer.topic_remade', `${topic} was made anew`, {
    where: `partition ${partition}`,
  })
}

/**
 * The same of the whole topic as it begins now: one that has grown again since it was made anew shows it nowhere else. False: it is
 * not marked yet.
 */
export const isSameTopic = async (
  marked: MarkedTopic,
  incarnations: Readonly<Record<string, string>>,
): Promise<boolean> => {
  const found = await incarnationsOf(marked)
  for (const [partition, id] of Object.entries(found ?? {}))
    refuseOther(marked.topic, Number(partition), id, incarnations)
  return found !== undefined
}

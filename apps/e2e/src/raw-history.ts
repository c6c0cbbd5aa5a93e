import { createKafka } from '@headrace/kafka'
import type { Backends } from '@headrace/testkit'
import { comparePositions, type Position, RawRecord, topicNames } from '@headrace/wire'

export interface RawHistory {
  readonly changes: number
  /** Changes that are there twice, or stand behind a newer one of their key. */
  readonly disorder: readonly string[]
}

export interface RawHistoryOptions {
  readonly servers: Backends
  readonly pipeline: string
  readonly datasets: readonly string[]
  readonly partitions: number
}

/** Everything that capture has committed: each change once, in the order of the source (03 C1, C3). */
export const readRawHistory = async ({
  servers,
  pipeline,
  datasets,
  partitions,
}: RawHistoryOptions): Promise<RawHistory> => {
  const kafka = createKafka({ brokers: servers.kafkaBrokers, clientId: 'headrace-e2e' })
  const reader = kafka.reader()
  const topics = topicNames(pipeline)
  const disorder: string[] = []
  let changes = 0
  try {
    for (const dataset of datasets) {
      for (let partition = 0; partition < partitions; partition++) {
        const newest = new Map<string, Position>()
        for await (const { records } of reader.readToEnd(topics.raw(dataset), partition, 0n)) {
          for (const { key, value, offset } of records) {
            const { record } = RawRecord.decode(value ?? Buffer.alloc(0))
            const origin = record?.$case === 'change' ? record.value.origin : undefined
            if (origin === undefined) continue
            changes++
            const name = key?.toString() ?? ''
            const last = newest.get(name)
            if (last !== undefined && comparePositions(origin, last) <= 0)
              disorder.push(`${dataset} ${name} at ${partition}/${offset}`)
            newest.set(name, origin)
          }
        }
      }
    }
  } finally {
    await kafka.stop()
  }
  return { changes, disorder }
}

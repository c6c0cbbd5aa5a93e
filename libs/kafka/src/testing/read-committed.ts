import type { Kafka } from '../kafka.ts'

export interface TestRecord {
  readonly partition: number
  readonly offset: bigint
  readonly key: string | null
  readonly value: string | null
}

/** Every committed record of a topic, partition by partition, as texts. */
export const readCommitted = async (kafka: Kafka, topic: string): Promise<TestRecord[]> => {
  const partitions = (await kafka.admin.describe(topic))?.partitions ?? 0
  const reader = kafka.reader()
  const records: TestRecord[] = []
  for (let partition = 0; partition < partitions; partition++) {
    const { start } = await reader.bounds(topic, partition)
    for await (const part of reader.readToEnd(topic, partition, start)) {
      for (const { offset, key, value } of part.records) {
        records.push({ partition, offset, key: key?.toString() ?? null, value: value?.toString() ?? null })
      }
    }
  }
  await reader.stop()
  return records
}

import type { Kafka } from '../kafka.ts'
import type { ConsumerOptions } from '../options.ts'
import type { Batch, GroupConsumer, Membership } from '../types.ts'

/** A group member for tests: keeps its memberships and can start all of its partitions at once. */
export interface TestMember {
  readonly consumer: GroupConsumer
  readonly history: { readonly what: 'assigned' | 'revoked'; readonly membership: Membership }[]
  /** The present membership. */
  current(): Membership | undefined
  /** Polls until so many records have come. */
  take(count: number, timeoutMs?: number): Promise<Batch[]>
}

export const joinGroup = async (
  kafka: Kafka,
  options: Omit<ConsumerOptions, 'handlers'>,
  starting: 'committed' | 'paused' = 'committed',
): Promise<TestMember> => {
  const history: TestMember['history'] = []
  let current: Membership | undefined
  const startAll = (membership: Membership): void => {
    for (const [topic, partitions] of Object.entries(membership.assignment)) {
      for (const partition of partitions) consumer.startPartition(membership, topic, partition)
    }
  }
  const consumer = await kafka.consumer({
    ...options,
    handlers: {
      assigned: membership => {
        current = membership
        history.push({ what: 'assigned', membership })
        if (starting === 'committed') startAll(membership)
      },
      revoked: membership => {
        current = undefined
        history.push({ what: 'revoked', membership })
      },
    },
  })
  return {
    consumer,
    history,
    current: () => current,
    take: async (count, timeoutMs = 60_000) => {
      const batches: Batch[] = []
      const signal = AbortSignal.timeout(timeoutMs)
      for (let seen = 0; seen < count;) {
        const got = await consumer.poll({ maxRecords: count - seen, maxWaitMs: 1000, signal })
        if (signal.aborted) throw new Error(`${seen} of ${count} records in ${timeoutMs} ms`)
        batches.push(...got)
        seen += got.reduce((sum, batch) => sum + batch.records.length, 0)
      }
      return batches
    },
  }
}

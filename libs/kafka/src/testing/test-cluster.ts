import { backends, uniqueName } from '@headrace/testkit'
import { ClusterClient } from '../connect/cluster-client.ts'
import { createKafka, type Kafka, type KafkaInternals } from '../kafka.ts'
import type { Membership, OutgoingRecord } from '../types.ts'

const connection = () => ({ brokers: backends().kafkaBrokers, clientId: 'headrace-test' })

/** Everything a test makes at the broker, to be removed by `stop`. */
export interface TestCluster {
  readonly kafka: Kafka
  /** A unique name that begins with the test's. */
  name(what: string): string
  topic(what: string, partitions?: number, config?: Readonly<Record<string, string>>): Promise<string>
  client(internals?: KafkaInternals): ClusterClient
  stop(): Promise<void>
}

export const testCluster = (prefix: string, internals: KafkaInternals = {}): TestCluster => {
  const plain = createKafka(connection(), internals)
  // a machine that stands still for a while ends no transaction of a test
  const writer: Kafka['writer'] = options => plain.writer({ transactionTimeoutMs: 60_000, ...options })
  const kafka = { ...plain, writer }
  const clients: ClusterClient[] = []
  const topics: string[] = []
  const name = (what: string) => uniqueName(`${prefix}-${what}`)
  return {
    kafka,
    name,
    topic: async (what, partitions = 1, config = {}) => {
      const topic = name(what)
      topics.push(topic)
      await kafka.admin.ensure([{ topic, partitions, config }])
      return topic
    },
    client: (own = {}) => {
      const client = new ClusterClient(connection(), own)
      clients.push(client)
      return client
    },
    stop: async () => {
      await kafka.admin.delete(topics).catch(() => undefined)
      await Promise.all([kafka.stop(), ...clients.map(client => client.stop())])
    },
  }
}

export const record = (topic: string, value: string, partition = 0, key = 'k'): OutgoingRecord => ({
  topic,
  partition,
  key: Buffer.from(key),
  value: Buffer.from(value),
})

/** What belongs to no group: the broker checks nothing then. */
export const outsider = (groupId: string, topic: string): Membership => ({
  groupId,
  memberId: '',
  generationId: -1,
  assignment: { [topic]: [0, 1, 2, 3] },
})

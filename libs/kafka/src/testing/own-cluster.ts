import { type KafkaOptions, type Stack, startStack } from '@headrace/local-stack'
import { createKafka, type Kafka } from '../kafka.ts'
import type { KafkaConnection } from '../options.ts'

/** Brokers of a test's own: to be killed, or of another kind than those that all tests share. */
export interface OwnCluster {
  readonly stack: Stack
  /** One more connection; ended by `stop`. */
  connect(own?: Partial<KafkaConnection>): Kafka
  stop(): Promise<void>
}

export const ownCluster = async (options: KafkaOptions): Promise<OwnCluster> => {
  const kafkaOptions: KafkaOptions = { heap: '384m', ...options }
  const stack = await startStack({
    ephemeral: true,
    own: true,
    services: ['kafka'],
    options: { kafka: kafkaOptions },
  })
  const opened: Kafka[] = []
  return {
    stack,
    connect: (own = {}) => {
      const kafka = createKafka({ brokers: stack.kafkaBrokers, clientId: 'headrace-test', ...own })
      opened.push(kafka)
      return kafka
    },
    stop: async () => {
      await Promise.all(opened.map(kafka => kafka.stop()))
      // in an orderly stop the last of several waits for a quorum it cannot have
      if (options.brokers === 3) await stack.kill('kafka')
      await stack.stop()
    },
  }
}

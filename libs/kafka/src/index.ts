export { kafkaConnection, type KafkaSettings } from './connection.ts'
export { createKafka, type Kafka } from './kafka.ts'
export type * from './options.ts'
export type * from './types.ts'

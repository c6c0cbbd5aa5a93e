export { createKafka, type Kafka } from './kafka.ts'
export type * from './options.ts'
export type * from './types.ts'

/** The servers this stack runs. The npm and Maven coordinates are pinned exactly; the files are verified by locks/. */
export const versions = { postgres: '18.4', kafka: '4.1.1', elasticsearch: '8.19.9' } as const

export const serviceNames = ['postgres', 'kafka', 'elasticsearch'] as const

export type ServiceName = (typeof serviceNames)[number]

/** Kafka beside the pinned one: the oldest that the product runs on. */
export const kafkaVersions = [versions.kafka, '3.9.1'] as const

export type KafkaVersion = (typeof kafkaVersions)[number]

/** Servers of a stack: one per service, of Kafka up to three. */
export const kafkaServerNames = ['kafka', 'kafka-2', 'kafka-3'] as const

export type ServerName = ServiceName | (typeof kafkaServerNames)[number]

export const serviceOf = (server: ServerName): ServiceName =>
  server === 'kafka-2' || server === 'kafka-3' ? 'kafka' : server

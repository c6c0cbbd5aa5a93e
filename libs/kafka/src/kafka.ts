import { HeadraceError } from '@headrace/errors'
import type { ConsumerOptions, KafkaConnection, ReaderOptions, WriterOptions } from './options.ts'
import type { FencedWriter, GroupConsumer, KafkaAdmin, PartitionReader } from './types.ts'

/** One cluster. Everything made from it is stopped by `stop`. */
export interface Kafka {
  readonly admin: KafkaAdmin
  /** Initialises both transactional ids before it resolves: whatever an older process of this name left open is aborted (06 E4). */
  writer(options: WriterOptions): Promise<FencedWriter>
  /** Joins in the background; `handlers.assigned` tells when. */
  consumer(options: ConsumerOptions): Promise<GroupConsumer>
  reader(options?: ReaderOptions): PartitionReader
  stop(): Promise<void>
}

/** Connects at first use; wrong addresses show as kafka.unreachable there. */
export const createKafka = (connection: KafkaConnection): Kafka => {
  throw new HeadraceError('internal.bug', `not written yet: ${connection.clientId}`)
}

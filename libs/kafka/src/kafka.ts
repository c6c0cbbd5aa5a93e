import { ClusterAdmin } from './admin/cluster-admin.ts'
import { ClusterClient, type ClientInternals } from './connect/cluster-client.ts'
import { Reachability } from './connect/reachability.ts'
import { PullConsumer } from './group/pull-consumer.ts'
import type { ConsumerOptions, KafkaConnection, KafkaLog, ReaderOptions, WriterOptions } from './options.ts'
import { LogReader } from './reader/log-reader.ts'
import type { FencedWriter, GroupConsumer, KafkaAdmin, PartitionReader } from './types.ts'
import { TwoIdWriter, type WriterInternals } from './writer/fenced-writer.ts'

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

/** What only tests change. */
export interface KafkaInternals extends ClientInternals, WriterInternals {}

const silent: KafkaLog = () => undefined

/** Connects at first use; wrong addresses show as kafka.unreachable there. */
export const createKafka = (connection: KafkaConnection, internals: KafkaInternals = {}): Kafka => {
  const reachability = new Reachability(connection.brokers, connection.log ?? silent)
  const client = () => new ClusterClient(connection, internals, reachability)
  const parts = new Set<{ stop(): Promise<void> }>()
  const adminClient = client()
  parts.add(adminClient)
  const started = async <T extends { start(): Promise<void>; stop(): Promise<void> }>(
    part: T,
  ): Promise<T> => {
    parts.add(part)
    try {
      await part.start()
    } catch (error) {
      await part.stop()
      throw error
    }
    return part
  }
  return {
    admin: new ClusterAdmin(adminClient),
    writer: options => started(new TwoIdWriter(client(), options, internals)),
    consumer: options =>
      started(new PullConsumer({ group: client(), data: client() }, options, connection.log ?? silent)),
    reader: options => {
      const reader = new LogReader(client, options)
      parts.add(reader)
      return reader
    },
    stop: async () => {
      await Promise.all([...parts].map(part => part.stop()))
    },
  }
}

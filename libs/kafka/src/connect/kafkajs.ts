import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

/*
 * The one place that loads kafkajs (06 E5b). Of kafkajs we use the sockets, TLS, SASL, metadata and the plain
 * requests; its producer and consumer are not used: docs/decisions/0003 says why. Everything here is typed as
 * narrowly as we need it. The patches are applied before anything of kafkajs is handed out.
 */

export interface ProtocolRequest<T> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    /** kafkajs reads only these two of its Encoder. */
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>
  }
  readonly response: { decode(payload: Buffer): Promise<T>; parse(data: T): Promise<T> }
  readonly requestTimeout?: number
  readonly logResponseError?: boolean
}

export interface KafkajsConnection {
  readonly socket?: Socket
}

export interface GroupProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface JoinResult {
  readonly generationId: number
  readonly groupProtocol: string
  readonly leaderId: string
  readonly memberId: string
  readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer }[]
}

export interface PartitionMetadata {
  readonly partitionErrorCode: number
  readonly partitionId: number
  readonly leader: number | null
  readonly replicas: readonly number[]
  /** Brokers whose copy is complete. */
  readonly isr: readonly number[]
}

export interface ClusterMetadata {
  readonly clusterId: string
  readonly topicMetadata: readonly {
    readonly topic: string
    readonly partitionMetadata: readonly PartitionMetadata[]
  }[]
}

export interface KafkajsBroker {
  readonly nodeId: number
  readonly versions: Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>
  readonly connectionPool: {
    readonly pool: readonly KafkajsConnection[]
    send<T>(request: ProtocolRequest<T>): Promise<T>
  }
  disconnect(): Promise<void>
  metadata(topics: readonly string[]): Promise<ClusterMetadata>
  findGroupCoordinator(query: {
    groupId: string
    coordinatorType: number
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>
  joinGroup(request: {
    groupId: string
    sessionTimeout: number
    rebalanceTimeout: number
    memberId: string
    groupProtocols: readonly GroupProtocol[]
  }): Promise<JoinResult>
  syncGroup(request: {
    groupId: string
    generationId: number
    memberId: string
    groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[]
  }): Promise<{ readonly memberAssignment: Buffer }>
  heartbeat(request: { groupId: string; groupGenerationId: number; memberId: string }): Promise<void>
  leaveGroup(request: { groupId: string; memberId: string }): Promise<void>
  describeGroups(request: {
    groupIds: readonly string[]
  }): Promise<{ readonly groups: readonly { readonly members: readonly unknown[] }[] }>
  /** Throws no error of the answer: they stand with each group. */
  deleteGroups(groupIds: readonly string[]): Promise<{
    readonly results: readonly { readonly groupId: string; readonly errorCode: number }[]
  }>
  offsetCommit(request: {
    groupId: string
    groupGenerationId: number
    memberId: string
    topics: readonly {
      topic: string
      partitions: readonly { partition: number; offset: string; metadata: string }[]
    }[]
  }): Promise<void>
  listOffsets(request: {
    isolationLevel: number
    topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: number }[] }[]
  }): Promise<{
    readonly responses: readonly { readonly partitions: readonly { readonly offset: string }[] }[]
  }>
  initProducerId(request: {
    transactionalId: string
    transactionTimeout: number
  }): Promise<{ readonly producerId: string; readonly producerEpoch: number }>
  addPartitionsToTxn(
    request: ProducerIdentity & { topics: readonly { topic: string; partitions: readonly number[] }[] },
  ): Promise<void>
  addOffsetsToTxn(request: ProducerIdentity & { groupId: string }): Promise<void>
  endTxn(request: ProducerIdentity & { transactionResult: boolean }): Promise<void>
  createTopics(request: {
    topics: readonly {
      topic: string
      numPartitions: number
      replicationFactor: number
      configEntries: readonly { name: string; value: string }[]
    }[]
    timeout: number
  }): Promise<void>
  deleteTopics(request: { topics: readonly string[]; timeout: number }): Promise<void>
  describeConfigs(request: { resources: readonly { type: number; name: string }[] }): Promise<{
    readonly resources: readonly {
      readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[]
    }[]
  }>
}

export interface ProducerIdentity {
  readonly transactionalId: string
  readonly producerId: string
  readonly producerEpoch: number
}

export interface KafkajsCluster {
  readonly brokerPool: {
    readonly brokers: Readonly<Record<string, KafkajsBroker>>
    readonly seedBroker?: KafkajsBroker
  }
  connect(): Promise<void>
  disconnect(): Promise<void>
  refreshMetadata(): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  findBroker(query: { nodeId: number | string }): Promise<KafkajsBroker>
  findControllerBroker(): Promise<KafkajsBroker>
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[]
  getNodeIds(): readonly string[]
}

export type SocketFactory = (target: {
  host: string
  port: number
  ssl?: ConnectionOptions
  onConnect: () => void
}) => Socket

export interface KafkajsLogger {
  namespace(name: string): KafkajsLogger
}

export interface ClusterOptions {
  logger: KafkajsLogger
  socketFactory: SocketFactory
  brokers: readonly string[]
  ssl?: ConnectionOptions | undefined
  sasl?: { mechanism: string; username: string; password: string } | undefined
  clientId: string
  connectionTimeout: number
  authenticationTimeout: number
  reauthenticationThreshold: number
  requestTimeout: number
  enforceRequestTimeout: boolean
  metadataMaxAge: number
  allowAutoTopicCreation: boolean
  maxInFlightRequests: number | null
  isolationLevel: number
  retry: {
    retries: number
    initialRetryTime: number
    maxRetryTime: number
    factor: number
    multiplier: number
  }
}

interface LogEntry {
  readonly namespace: string
  readonly label: string
  readonly log: { readonly message: string; readonly error?: unknown }
}

interface RequestQueue {
  readonly pending: readonly unknown[]
}

interface ErrorCodeEntry {
  readonly type: string
  readonly code: number
  readonly retriable: boolean
  readonly message: string
}

type ScheduleCheck = (this: RequestQueue) => void

const require = createRequire(import.meta.url)

const SUPPORTED = '2.2.4'
const { version } = require('kafkajs/package.json') as { readonly version: string }
if (version !== SUPPORTED)
  throw new Error(`kafkajs ${SUPPORTED} is needed, found ${version}: its internals are used`)

/**
 * After the first answered request every connection re-arms a timer with a negative delay for ever (5 % of a core
 * when idle). With nothing pending there is nothing to check (06 E1).
 */
const patchTimer = (): void => {
  const queue = require('kafkajs/src/network/requestQueue') as {
    readonly prototype: { scheduleCheckPendingRequests: ScheduleCheck }
  }
  const original = queue.prototype.scheduleCheckPendingRequests
  queue.prototype.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) original.call(this)
  }
}

/** Codes that brokers of today answer and kafkajs's table (up to 88) does not have. */
const NEWER_CODES: readonly ErrorCodeEntry[] = [
  {
    type: 'PRODUCER_FENCED',
    code: 90,
    retriable: false,
    message: 'A newer producer has the same transactional id',
  },
  { type: 'TRANSACTION_ABORTABLE', code: 120, retriable: false, message: 'The transaction must be aborted' },
]

const patchErrorCodes = (): void => {
  const { errorCodes } = require('kafkajs/src/protocol/error') as { readonly errorCodes: ErrorCodeEntry[] }
  for (const entry of NEWER_CODES)
    if (!errorCodes.some(({ code }) => code === entry.code)) errorCodes.push(entry)
}

patchTimer()
patchErrorCodes()

export const Cluster = require('kafkajs/src/cluster') as new (options: ClusterOptions) => KafkajsCluster

export const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
  readonly createErrorFromCode: (code: number) => Error & { readonly type: string }
}

const plainSocketFactory = require('kafkajs/src/network/socketFactory') as () => SocketFactory

/**
 * kafkajs unrefs the socket at every disconnect, also when it is gone for long; Node then adds a listener for a
 * connection that never comes, until it warns of a leak.
 */
export const defaultSocketFactory = (): SocketFactory => {
  const make = plainSocketFactory()
  return target => {
    const socket = make(target)
    const unref = socket.unref.bind(socket)
    return Object.assign(socket, { unref: () => (socket.destroyed ? socket : unref()) })
  }
}

export const { createLogger } = require('kafkajs/src/loggers') as {
  readonly createLogger: (options: {
    level: number
    logCreator: () => (entry: LogEntry) => void
  }) => KafkajsLogger
}

/** For the test that proves the patches are in (06 E5b). */
export const patchedRequestQueue = (): {
  readonly prototype: { scheduleCheckPendingRequests: ScheduleCheck }
} =>
  require('kafkajs/src/network/requestQueue') as {
    readonly prototype: { scheduleCheckPendingRequests: ScheduleCheck }
  }

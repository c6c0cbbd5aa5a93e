import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { isConnectionFault, isCoordinatorLost, isTransient, kafkaError } from '../faults.ts'
import type { KafkaConnection, KafkaLog, TlsOptions } from '../options.ts'
import { sendTo, type Call } from '../protocol/request.ts'
import {
  Cluster,
  createLogger,
  defaultSocketFactory,
  type KafkajsBroker,
  type KafkajsCluster,
  type PartitionMetadata,
  type SocketFactory,
} from './kafkajs.ts'
import type { Reachability } from './reachability.ts'
import { retry } from './retry.ts'

export type CoordinatorType = 'group' | 'transaction'

const COORDINATOR_TYPES = { group: 0, transaction: 1 } as const
const CONNECTION_TIMEOUT_MS = 3000
const METADATA_MAX_AGE_MS = 300_000
const WARN = 2

const PATIENCE_MS = 30_000

/** What only tests change. */
export interface ClientInternals {
  readonly socketFactory?: SocketFactory
}

const sslOf = (tls: true | TlsOptions | undefined): ConnectionOptions | undefined => {
  if (tls === undefined) return undefined
  return tls === true ? {} : { ...tls }
}

const loggerOf = (log: KafkaLog | undefined) =>
  createLogger({
    level: log === undefined ? 0 : WARN,
    logCreator: () => entry =>
      log?.('debug', 'kafka.client', { part: entry.namespace, message: entry.log.message }),
  })

const makeCluster = (connection: KafkaConnection, socketFactory: SocketFactory): KafkajsCluster =>
  new Cluster({
    logger: loggerOf(connection.log),
    socketFactory,
    brokers: [...connection.brokers],
    ssl: sslOf(connection.tls),
    sasl: connection.sasl === undefined ? undefined : { ...connection.sasl },
    clientId: connection.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: 10_000,
    reauthenticationThreshold: 10_000,
    requestTimeout: connection.requestTimeoutMs ?? 10_000,
    enforceRequestTimeout: true,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    isolationLevel: 1,
    retry: { retries: 2, initialRetryTime: 50, maxRetryTime: 500, factor: 0.2, multiplier: 2 },
  })

/**
 * Sockets and metadata of one user of the cluster. A broker answers one request of a connection after the other, so
 * whatever waits inside the broker (a join, a long fetch) has a client of its own.
 */
export class ClusterClient {
  /** How long an operation keeps trying before its caller hears of it, ms. */
  readonly patienceMs: number
  readonly #cluster: KafkajsCluster
  readonly #reachability: Reachability | undefined
  readonly #topics = new Set<string>()
  readonly #coordinators = new Map<string, number>()
  /** All that are open: kafkajs forgets some when several requests connect at the same time. */
  readonly #sockets = new Set<Socket>()
  #connected: Promise<void> | undefined
  #stopped = false

  constructor(connection: KafkaConnection, internals: ClientInternals = {}, reachability?: Reachability) {
    this.#reachability = reachability
    this.patienceMs = connection.patienceMs ?? PATIENCE_MS
    const open = internals.socketFactory ?? defaultSocketFactory()
    this.#cluster = makeCluster(connection, target => {
      const socket = open(target)
      this.#sockets.add(socket)
      if (this.#stopped) setImmediate(() => socket.destroy(new Error('stopped')))
      return socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  /** Connected to some broker, metadata of these topics known. */
  async ready(topics: readonly string[] = []): Promise<void> {
    this.#connected ??= this.#cluster.connect().then(
      () => this.#reachability?.reached(),
      (error: unknown) => {
        this.#connected = undefined
        if (isConnectionFault(error) && !this.#stopped) this.#reachability?.failed(error)
        throw error
      },
    )
    await this.#connected
    if (this.#cluster.getNodeIds().length === 0 || topics.some(topic => !this.#topics.has(topic))) {
      await this.#cluster.addMultipleTargetTopics(topics)
      await this.#cluster.refreshMetadataIfNecessary()
      for (const topic of topics) this.#topics.add(topic)
    }
  }

  /** Learns leaders and brokers anew. Errors are left to the next request. */
  async refresh(): Promise<void> {
    await this.#cluster.refreshMetadata().catch(() => undefined)
  }

  /** Empty when there is no such topic. */
  async partitions(topic: string): Promise<readonly PartitionMetadata[]> {
    await this.ready([topic])
    return this.#cluster.findTopicPartitionMetadata(topic)
  }

  async leader(topic: string, partition: number): Promise<number> {
    const partitions = await this.partitions(topic)
    const leader = partitions.find(({ partitionId }) => partitionId === partition)?.leader
    if (leader === undefined || leader === null || leader < 0) {
      await this.refresh()
      throw Object.assign(new Error(`${topic}/${partition} has no leader`), { type: 'LEADER_NOT_AVAILABLE' })
    }
    return leader
  }

  async broker(nodeId: number): Promise<KafkajsBroker> {
    await this.ready()
    return this.#cluster.findBroker({ nodeId })
  }

  /** Of all brokers that the cluster has told of. */
  async nodeIds(): Promise<readonly number[]> {
    await this.ready()
    return this.#cluster.getNodeIds().map(Number)
  }

  async anyBroker(): Promise<KafkajsBroker> {
    const ids = await this.nodeIds()
    return this.#cluster.findBroker({ nodeId: ids[Math.floor(Math.random() * ids.length)] ?? -1 })
  }

  async controller(): Promise<KafkajsBroker> {
    await this.ready()
    return this.#cluster.findControllerBroker()
  }

  /**
   * Runs a request at a coordinator, once. The coordinator is remembered (kafkajs asks before every request, four
   * times per transaction) and forgotten as soon as it says that it is not the one, or does not answer.
   */
  async atCoordinator<T>(
    type: CoordinatorType,
    id: string,
    request: (broker: KafkajsBroker) => Promise<T>,
  ): Promise<T> {
    const key = `${type}/${id}`
    try {
      let nodeId = this.#coordinators.get(key)
      if (nodeId === undefined) {
        const answer = await (
          await this.anyBroker()
        ).findGroupCoordinator({ groupId: id, coordinatorType: COORDINATOR_TYPES[type] })
        nodeId = answer.coordinator.nodeId
        this.#coordinators.set(key, nodeId)
      }
      return await request(await this.broker(nodeId))
    } catch (error) {
      if (isCoordinatorLost(error)) {
        this.#coordinators.delete(key)
        if (isConnectionFault(error)) await this.refresh()
      }
      throw error
    }
  }

  /** The same, repeated while the broker says "later": only for requests that may be repeated. */
  async patientAtCoordinator<T>(
    type: CoordinatorType,
    id: string,
    doing: string,
    request: (broker: KafkajsBroker) => Promise<T>,
    withinMs = this.patienceMs,
  ): Promise<T> {
    try {
      return await retry(() => this.atCoordinator(type, id, request), {
        withinMs,
        retriable: e => !this.#stopped && isTransient(e),
      })
    } catch (error) {
      throw kafkaError(error, doing, id)
    }
  }

  async atLeader<T>(topic: string, partition: number, call: Call<T>): Promise<T> {
    return sendTo(await this.broker(await this.leader(topic, partition)), call)
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** Closes the sockets at once: pending requests are rejected. */
  async stop(): Promise<void> {
    this.#stopped = true
    // with an error: kafkajs hears of nothing else
    const closeAll = () => {
      for (const socket of this.#sockets) socket.destroy(new Error('stopped'))
    }
    closeAll()
    await this.#cluster.disconnect().catch(() => undefined)
    closeAll()
  }
}

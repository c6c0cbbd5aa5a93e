import { HeadraceError } from '@headrace/errors'
import type { ClusterClient } from '../connect/cluster-client.ts'
import { type ClusterMetadata, createErrorFromCode } from '../connect/kafkajs.ts'
import { commitOffsets, stableOffsets } from '../connect/offsets.ts'
import { retry } from '../connect/retry.ts'
import { brokerErrorType, isConnectionFault, isTransient, kafkaError } from '../faults.ts'
import { incrementalAlterTopic } from '../protocol/alter-configs.ts'
import { sendTo } from '../protocol/request.ts'
import type { CommitOffset, CommittedOffset, KafkaAdmin, TopicDescription, TopicSpec } from '../types.ts'

const TOPIC = 2
const TIMEOUT_MS = 15_000
const BROKER_DEFAULT = -1

/**
 * Requests that tell the age of a broker, with the version that came with it (06 E6): Kafka 3.9 knows Fetch 17,
 * 3.8 only 16; the other two carry the transactions.
 */
const NEEDED: readonly { apiKey: number; version: number; name: string }[] = [
  { apiKey: 1, version: 17, name: 'Fetch' },
  { apiKey: 28, version: 3, name: 'TxnOffsetCommit' },
  { apiKey: 9, version: 7, name: 'OffsetFetch' },
]

export class ClusterAdmin implements KafkaAdmin {
  readonly #client: ClusterClient

  constructor(client: ClusterClient) {
    this.#client = client
  }

  async checkVersion(): Promise<void> {
    const { versions } = await this.#patiently('the brokers cannot be reached', () =>
      this.#client.anyBroker(),
    )
    for (const { apiKey, version, name } of NEEDED) {
      const known = versions[apiKey]?.maxVersion ?? -1
      if (known >= version) continue
      throw new HeadraceError(
        'kafka.broker_too_old',
        `the broker knows ${name} up to version ${known}, ${version} is needed`,
        {
          hint: 'Kafka 3.9 or newer is needed.',
        },
      )
    }
  }

  async clusterId(): Promise<string> {
    return (await this.#cluster()).clusterId
  }

  async list(): Promise<readonly string[]> {
    const { topicMetadata } = await this.#cluster()
    return topicMetadata.map(({ topic }) => topic).sort()
  }

  describe(topic: string): Promise<TopicDescription | null> {
    // repeated as a whole: a topic that is deleted between the two requests is looked up again, and not there
    return this.#patiently(`the configuration of ${topic} cannot be read`, async () => {
      const metadata = await this.#lookup(topic)
      const first = metadata?.find(({ partitionId }) => partitionId === 0)
      if (metadata === undefined || first === undefined) return null
      const broker = await this.#client.anyBroker()
      const { resources } = await broker.describeConfigs({ resources: [{ type: TOPIC, name: topic }] })
      const entries = resources[0]?.configEntries ?? []
      const config = Object.fromEntries(
        entries.map(({ configName, configValue }) => [configName, configValue ?? '']),
      )
      return { topic, partitions: metadata.length, replicas: first.replicas.length, config }
    })
  }

  async ensure(topics: readonly TopicSpec[]): Promise<void> {
    await Promise.all(topics.map(spec => this.#ensureOne(spec)))
  }

  async configure(topic: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.#patiently(`the topic ${topic} cannot be configured`, async () =>
      sendTo(await this.#client.controller(), incrementalAlterTopic(topic, config)),
    )
  }

  async delete(topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      await this.#patiently(`the topic ${topic} cannot be deleted`, async () => {
        const gone = (error: unknown): void => {
          if (brokerErrorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
        }
        await (
          await this.#client.controller()
        )
          .deleteTopics({ topics: [topic], timeout: TIMEOUT_MS })
          .catch(gone)
      })
    }
  }

  committed(
    groupId: string,
    topics: Readonly<Record<string, readonly number[]>>,
  ): Promise<readonly CommittedOffset[]> {
    return stableOffsets(this.#client, groupId, topics)
  }

  resetOffsets(groupId: string, offsets: readonly CommitOffset[]): Promise<void> {
    return commitOffsets(this.#client, { groupId, memberId: '', generationId: -1 }, offsets)
  }

  memberCount(groupId: string): Promise<number> {
    return this.#client.patientAtCoordinator(
      'group',
      groupId,
      'the group cannot be looked at',
      async broker => (await broker.describeGroups({ groupIds: [groupId] })).groups[0]?.members.length ?? 0,
    )
  }

  async deleteGroup(groupId: string): Promise<void> {
    const doing = 'the group cannot be deleted'
    const deleted = this.#client.patientAtCoordinator('group', groupId, doing, async broker => {
      const { results } = await broker.deleteGroups([groupId])
      // the one answer whose errors kafkajs does not throw
      const failed = results.find(({ errorCode }) => errorCode !== 0)
      if (failed !== undefined) throw createErrorFromCode(failed.errorCode)
    })
    await deleted.catch((error: unknown) => {
      const type = brokerErrorType(error)
      if (type === 'GROUP_ID_NOT_FOUND') return
      if (type !== 'NON_EMPTY_GROUP') throw error
      throw new HeadraceError('remove.in_use', `${doing}: ${type}`, {
        where: groupId,
        hint: 'The group has members: stop its services, then try again. One that was killed counts until its session ends.',
        cause: error,
      })
    })
  }

  async #ensureOne({ topic, partitions, config }: TopicSpec): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    const known = await this.#lookup(topic)
    if (known === undefined) {
      await this.#patiently(`the topic ${topic} cannot be made`, async () => {
        const request = { topic, numPartitions: partitions, replicationFactor: BROKER_DEFAULT, configEntries }
        await (
          await this.#client.controller()
        )
          .createTopics({ topics: [request], timeout: TIMEOUT_MS })
          .catch((error: unknown) => {
            if (brokerErrorType(error) !== 'TOPIC_ALREADY_EXISTS') throw error
          })
      })
      await this.#knownEverywhere(topic)
    }
    const found = await this.#withLeaders(topic)
    if (found !== partitions) {
      throw new HeadraceError(
        'kafka.partition_mismatch',
        `the topic has ${found} partitions, ${partitions} are configured`,
        { where: topic },
      )
    }
  }

  /** The controller answers before the other brokers have heard: whoever asks one of them next would find no such topic. */
  async #knownEverywhere(topic: string): Promise<void> {
    for (const nodeId of await this.#client.nodeIds()) {
      await this.#patiently(`the topic ${topic} is not known to broker ${nodeId}`, async () => {
        try {
          await (await this.#client.broker(nodeId)).metadata([topic])
        } catch (error) {
          // who is away now hears of it before it serves anybody again
          if (!isConnectionFault(error)) throw error
        }
      })
    }
  }

  /** Number of partitions, once all have a leader. */
  #withLeaders(topic: string): Promise<number> {
    return this.#patiently(`the topic ${topic} has no leaders`, async () => {
      const partitions = await this.#lookup(topic)
      if (
        partitions === undefined ||
        partitions.length === 0 ||
        partitions.some(p => p.leader === null || p.leader < 0)
      ) {
        throw Object.assign(new Error(topic), { type: 'LEADER_NOT_AVAILABLE' })
      }
      return partitions.length
    })
  }

  async #lookup(topic: string) {
    try {
      return (await this.#metadata([topic])).topicMetadata.find(found => found.topic === topic)
        ?.partitionMetadata
    } catch (error) {
      if (brokerErrorType(error) === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
      throw kafkaError(error, 'the topic cannot be looked up', topic)
    }
  }

  #cluster(): Promise<ClusterMetadata> {
    return this.#metadata([]).catch((error: unknown) => {
      throw kafkaError(error, 'the cluster cannot be looked at')
    })
  }

  #metadata(topics: readonly string[]): Promise<ClusterMetadata> {
    const known = (error: unknown): boolean =>
      brokerErrorType(error) !== 'UNKNOWN_TOPIC_OR_PARTITION' || topics.length === 0
    return this.#retried(async () => (await this.#client.anyBroker()).metadata(topics), known)
  }

  async #patiently<T>(doing: string, attempt: () => Promise<T>): Promise<T> {
    try {
      return await this.#retried(attempt)
    } catch (error) {
      throw kafkaError(error, doing)
    }
  }

  #retried<T>(attempt: () => Promise<T>, also: (error: unknown) => boolean = () => true): Promise<T> {
    return retry(attempt, {
      withinMs: this.#client.patienceMs,
      retriable: error => isTransient(error) && also(error) && !this.#client.stopped,
    })
  }
}

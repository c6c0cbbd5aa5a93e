import { HeadraceError } from '@headrace/errors'
import type { ClusterClient } from '../connect/cluster-client.ts'
import type { JoinResult, KafkajsBroker } from '../connect/kafkajs.ts'
import { pause } from '../connect/retry.ts'
import { backoffDelay } from '@headrace/errors'
import { brokerErrorType, isMembershipOver, isTransient, kafkaError } from '../faults.ts'
import type { KafkaLog } from '../options.ts'
import type { Membership } from '../types.ts'
import { assignGroup } from './assigner.ts'
import {
  ASSIGNER_NAME,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './group-protocol.ts'

export interface GroupMemberOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  readonly memberName: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly log: KafkaLog
}

export interface GroupMemberEvents {
  assigned(membership: Membership): void
  revoked(membership: Membership): void
}

const HEARTBEATS_PER_SESSION = 5
const BACKOFF = { first: 100, cap: 5000 }

/** Errors of a join that a later one does not have; the member id is void after some. */
const REJOIN = new Set([
  'ILLEGAL_GENERATION',
  'MEMBER_ID_REQUIRED',
  'REBALANCE_IN_PROGRESS',
  'UNKNOWN_MEMBER_ID',
])

/**
 * Membership in a consumer group: join, heartbeats, rejoin, for ever. Heartbeats depend on nothing else: not on
 * fetches, not on what a service does (06 E3).
 */
export class GroupMember {
  readonly #client: ClusterClient
  readonly #options: GroupMemberOptions
  readonly #events: GroupMemberEvents
  #memberId = ''
  #last: Membership | undefined

  constructor(client: ClusterClient, options: GroupMemberOptions, events: GroupMemberEvents) {
    this.#client = client
    this.#options = options
    this.#events = events
  }

  /** Resolves when the signal fires, after leaving the group. Rejects with what cannot be mended. */
  async run(signal: AbortSignal): Promise<void> {
    for (let tries = 0; !signal.aborted;) {
      let membership: Membership
      try {
        membership = await this.#join()
      } catch (error) {
        await this.#afterFailedJoin(error, tries++, signal)
        continue
      }
      tries = 0
      if (signal.aborted) break
      this.#last = membership
      this.#events.assigned(membership)
      try {
        await this.#heartbeats(membership, signal)
      } finally {
        this.#events.revoked(membership)
      }
    }
    await this.#leave()
  }

  async #afterFailedJoin(error: unknown, tries: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const type = brokerErrorType(error)
    if (type === 'UNKNOWN_MEMBER_ID' || type === 'MEMBER_ID_REQUIRED') this.#memberId = ''
    const again = REJOIN.has(type ?? '')
    if (!again && !isTransient(error))
      throw kafkaError(error, 'the consumer group cannot be joined', this.#options.groupId)
    this.#options.log('warn', 'kafka.join_failed', {
      group: this.#options.groupId,
      error: type ?? String(error),
    })
    await pause(again ? 20 : backoffDelay(tries, Math.random(), BACKOFF), signal)
  }

  async #join(): Promise<Membership> {
    const { groupId, topics, memberName, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    await this.#client.ready(topics)
    const subscription = encodeSubscription({
      name: memberName,
      topics,
      generation: this.#last?.generationId ?? -1,
      previous: this.#last?.assignment ?? {},
    })
    const joined = await this.#client.atCoordinator('group', groupId, broker =>
      broker.joinGroup({
        groupId,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout: rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupProtocols: [{ name: ASSIGNER_NAME, metadata: subscription }],
      }),
    )
    this.#memberId = joined.memberId
    const groupAssignment = joined.memberId === joined.leaderId ? await this.#assign(joined) : []
    const { memberAssignment } = await this.#client.atCoordinator('group', groupId, broker =>
      broker.syncGroup({
        groupId,
        generationId: joined.generationId,
        memberId: joined.memberId,
        groupAssignment,
      }),
    )
    const assignment = Object.freeze(decodeAssignment(memberAssignment))
    return Object.freeze({
      groupId,
      memberId: joined.memberId,
      generationId: joined.generationId,
      assignment,
    })
  }

  async #assign({ members }: JoinResult): Promise<{ memberId: string; memberAssignment: Buffer }[]> {
    const infos = members.map(({ memberId, memberMetadata }) => decodeSubscription(memberId, memberMetadata))
    const counts = new Map<string, number>()
    for (const topic of new Set(infos.flatMap(({ topics }) => topics))) {
      counts.set(topic, (await this.#client.partitions(topic)).length)
    }
    const assigned = assignGroup(infos, topic => counts.get(topic) ?? 0)
    return [...assigned].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: encodeAssignment(assignment),
    }))
  }

  /** Resolves when the membership is over. */
  async #heartbeats(membership: Membership, signal: AbortSignal): Promise<void> {
    const { sessionTimeoutMs, groupId, log } = this.#options
    const interval = Math.floor(sessionTimeoutMs / HEARTBEATS_PER_SESSION)
    const beat = (broker: KafkajsBroker) =>
      broker.heartbeat({ groupId, groupGenerationId: membership.generationId, memberId: membership.memberId })
    for (let alive = Date.now(); ;) {
      await pause(interval, signal)
      if (signal.aborted) return
      const sent = Date.now()
      try {
        await this.#client.atCoordinator('group', groupId, beat)
        alive = sent
      } catch (error) {
        if (signal.aborted) return
        const type = brokerErrorType(error)
        const over = isMembershipOver(error)
        if (type === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
        if (!over && !isTransient(error)) throw kafkaError(error, 'the heartbeat was refused', groupId)
        if (over || Date.now() - alive > sessionTimeoutMs) {
          log('info', 'kafka.membership_over', {
            group: groupId,
            generation: membership.generationId,
            reason: type ?? 'no answer',
          })
          return
        }
      }
    }
  }

  /** So that the others need not wait for the session to time out. */
  async #leave(): Promise<void> {
    const { groupId } = this.#options
    const memberId = this.#memberId
    if (memberId === '' || this.#client.stopped) return
    this.#memberId = ''
    await this.#client
      .atCoordinator('group', groupId, broker => broker.leaveGroup({ groupId, memberId }))
      .catch(() => undefined)
  }
}

/** Partition counts of topics that are read together must be equal (06 E5). */
export const refuseMismatch = async (client: ClusterClient, topics: readonly string[]): Promise<void> => {
  const counts = new Map<string, number>()
  for (const topic of topics) {
    try {
      counts.set(topic, (await client.partitions(topic)).length)
    } catch (error) {
      throw kafkaError(error, 'the topic cannot be read', topic)
    }
  }
  if (new Set(counts.values()).size <= 1) return
  const text = [...counts].map(([topic, count]) => `${topic} ${count}`).join(', ')
  throw new HeadraceError(
    'kafka.partition_mismatch',
    `topics of one group must have the same number of partitions: ${text}`,
  )
}

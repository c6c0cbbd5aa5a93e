import { describe, expect, it } from '@jest/globals'
import { ClusterClient } from '../connect/cluster-client.ts'
import type { KafkajsBroker } from '../connect/kafkajs.ts'
import { ClusterAdmin } from './cluster-admin.ts'

type Versions = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>

/** A broker that has told these versions (ApiVersions). */
const adminOf = (versions: Versions): ClusterAdmin =>
  new ClusterAdmin({
    patienceMs: 10,
    stopped: false,
    anyBroker: () => Promise.resolve({ versions }),
  } as unknown as ClusterClient)

const upTo = (maxVersion: number) => ({ minVersion: 0, maxVersion })

/** As Kafka 3.9 tells them: Fetch, OffsetFetch, TxnOffsetCommit. */
const versions39: Versions = { 1: upTo(17), 9: upTo(9), 28: upTo(4) }

describe('checkVersion (06 E6)', () => {
  it('accepts Kafka 3.9', async () => {
    await expect(adminOf(versions39).checkVersion()).resolves.toBeUndefined()
  })

  it.each([
    ['Kafka 3.8, by its Fetch', { ...versions39, 1: upTo(16) }, 'Fetch'],
    ['without positions fenced by generation', { ...versions39, 28: upTo(2) }, 'TxnOffsetCommit'],
    ['without stable offsets', { ...versions39, 9: upTo(6) }, 'OffsetFetch'],
    ['that tells no versions', {}, 'Fetch'],
  ])('refuses a broker %s', async (_, versions, said) => {
    await expect(adminOf(versions).checkVersion()).rejects.toMatchObject({
      code: 'kafka.broker_too_old',
      message: expect.stringContaining(said),
      hint: expect.stringContaining('3.9'),
    })
  })
})

/** A client of one broker that answers DeleteGroups with these codes, the last one for ever. */
class Deleting extends ClusterClient {
  asked = 0
  readonly #codes: readonly number[]

  constructor(codes: readonly number[]) {
    super({ brokers: ['localhost:1'], clientId: 'deleting' })
    this.#codes = codes
  }

  override anyBroker(): Promise<KafkajsBroker> {
    return this.broker()
  }

  override broker(): Promise<KafkajsBroker> {
    const errorCode = () => this.#codes[Math.min(this.asked++, this.#codes.length - 1)] ?? 0
    return Promise.resolve({
      findGroupCoordinator: () => Promise.resolve({ coordinator: { nodeId: 1 } }),
      deleteGroups: ([groupId]: readonly string[]) =>
        Promise.resolve({ results: [{ groupId, errorCode: errorCode() }] }),
    } as unknown as KafkajsBroker)
  }
}

describe('deleteGroup (06 E6f)', () => {
  const deleteGroup = async (...codes: readonly number[]): Promise<number> => {
    const client = new Deleting(codes)
    await new ClusterAdmin(client).deleteGroup('g')
    return client.asked
  }

  it('repeats what the coordinator says for now: loading, not available, moved', async () => {
    expect(await deleteGroup(14, 15, 16, 0)).toBe(4)
  })

  it('is content with a group that is not there', async () => {
    expect(await deleteGroup(69)).toBe(1)
  })

  it.each([
    [68, 'remove.in_use', 'NON_EMPTY_GROUP'],
    [30, 'kafka.refused', 'GROUP_AUTHORIZATION_FAILED'],
  ])('throws what else the answer says of the group: %i', async (errorCode, code, name) => {
    await expect(deleteGroup(errorCode)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(name),
      where: 'g',
    })
  })
})

describe('describe (06 E6g)', () => {
  const unknown = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('unknown'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' }))

  it('finds no topic that is deleted between its two requests', async () => {
    let isThere = true
    const partitionMetadata = [{ partitionId: 0, replicas: [1] }]
    const broker = {
      metadata: ([topic]: readonly string[]) =>
        isThere ? Promise.resolve({ topicMetadata: [{ topic, partitionMetadata }] }) : unknown(),
      describeConfigs: () => {
        isThere = false
        return unknown()
      },
    }
    const client = { patienceMs: 30_000, stopped: false, anyBroker: () => Promise.resolve(broker) }
    const admin = new ClusterAdmin(client as unknown as ClusterClient)
    expect(await admin.describe('t')).toBeNull()
  })
})

import { describe, expect, it } from '@jest/globals'
import type { ClusterClient } from '../connect/cluster-client.ts'
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

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { uniqueName } from '@headrace/testkit'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import type { Kafka } from './kafka.ts'
import type { SaslOptions } from './options.ts'
import { joinGroup } from './testing/member.ts'
import { ownCluster, type OwnCluster } from './testing/own-cluster.ts'
import { readCommitted } from './testing/read-committed.ts'
import { record } from './testing/test-cluster.ts'

const PASSWORD = 'alice=secret'
/** What is said at once is said although nobody's patience ends. */
const NEVER_MS = 3_600_000
let cluster: OwnCluster
let ca = ''
beforeAll(async () => {
  cluster = await ownCluster({ tls: true, users: { alice: PASSWORD } })
  ca = readFileSync(join(cluster.stack.folder, 'kafka', 'ca.pem'), 'utf8')
})
afterAll(() => cluster?.stop())

const alice = (mechanism: SaslOptions['mechanism'], password = PASSWORD): SaslOptions => ({
  mechanism,
  username: 'alice',
  password,
})

/** What a service does: topic, transaction with positions, group, restore. */
const roundTrip = async (kafka: Kafka): Promise<void> => {
  const [input, output, groupId] = [uniqueName('in'), uniqueName('out'), uniqueName('group')]
  await kafka.admin.checkVersion()
  await kafka.admin.ensure([input, output].map(topic => ({ topic, partitions: 2, config: {} })))
  const writer = await kafka.writer({ name: uniqueName('w') })
  await writer.write({ records: [record(input, 'a'), record(input, 'b', 1)] })
  const member = await joinGroup(kafka, { groupId, topics: [input], memberName: 'm' })
  for (const batch of await member.take(2)) {
    const { topic, partition, next, membership } = batch
    await writer.write({
      records: batch.records.map(({ key, value }) => ({ topic: output, partition, key, value })),
      from: { membership, offsets: [{ topic, partition, next }] },
    })
  }
  expect((await readCommitted(kafka, output)).map(({ value }) => value)).toEqual(['a', 'b'])
  await member.consumer.stop()
}

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

describe('TLS and SASL', () => {
  it.each(MECHANISMS)('carry everything a service does, with %s', async mechanism => {
    await roundTrip(cluster.connect({ tls: { ca }, sasl: alice(mechanism) }))
  })

  it.each(MECHANISMS)('say at once that the password is wrong, with %s', async mechanism => {
    const kafka = cluster.connect({ tls: { ca }, sasl: alice(mechanism, 'wrong'), patienceMs: NEVER_MS })
    const failed = expect(kafka.admin.clusterId()).rejects
    await failed.toMatchObject({
      code: 'kafka.refused',
      message: expect.stringMatching(/authentication failed/i),
      hint: expect.stringContaining('HEADRACE_KAFKA_SASL_PASSWORD'),
    })
    await expect(kafka.writer({ name: uniqueName('w') })).rejects.toMatchObject({ code: 'kafka.refused' })
    const group = kafka.consumer({ groupId: 'g', topics: ['t'], memberName: 'm', handlers: noHandlers })
    await expect(group).rejects.toMatchObject({ code: 'kafka.refused' })
  })

  it.each([
    ['another authority', () => ({ tls: { ca: rootCertificates[0] ?? '' } })],
    ["the system's authorities", () => ({ tls: true as const })],
    ['another name', () => ({ tls: { ca, servername: 'kafka.example' } })],
  ])('say at once that the certificate is not trusted: %s', async (_, own) => {
    const kafka = cluster.connect({ ...own(), sasl: alice('plain'), patienceMs: NEVER_MS })
    await expect(kafka.admin.clusterId()).rejects.toMatchObject({
      code: 'kafka.not_trusted',
      hint: expect.stringContaining('HEADRACE_KAFKA_TLS_CA'),
    })
  })

  it('never say the password', async () => {
    const kafka = cluster.connect({ tls: { ca }, sasl: alice('plain', 'wrong-and-secret') })
    const error: unknown = await kafka.admin.clusterId().catch((e: unknown) => e)
    expect(JSON.stringify([String(error), error, (error as Error).stack])).not.toContain('wrong-and-secret')
  })

  it('are asked for by the broker: a client without them gets no answer', async () => {
    const kafka = cluster.connect({ patienceMs: 1000 })
    await expect(kafka.admin.clusterId()).rejects.toMatchObject({ code: 'kafka.unreachable' })
  })
})

const noHandlers = { assigned: () => undefined, revoked: () => undefined }

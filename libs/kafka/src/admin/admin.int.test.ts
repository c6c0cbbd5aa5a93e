import { afterAll, describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { createKafka } from '../kafka.ts'
import { joinGroup } from '../testing/member.ts'
import { testCluster } from '../testing/test-cluster.ts'

const cluster = testCluster('admin')
const { admin } = cluster.kafka
afterAll(() => cluster.stop())

describe('admin', () => {
  it('knows the broker (06 E6)', async () => {
    await admin.checkVersion()
    expect(await admin.clusterId()).toMatch(/^[\w-]{10,}$/)
  })

  it('makes, describes, configures, lists and deletes topics', async () => {
    const topic = await cluster.topic('life', 3, { 'cleanup.policy': 'compact' })
    expect(await admin.describe(topic)).toMatchObject({
      topic,
      partitions: 3,
      replicas: 1,
      config: { 'cleanup.policy': 'compact' },
    })
    await admin.configure(topic, { 'retention.ms': '1234' })
    await waitFor(async () => (await admin.describe(topic))?.config['retention.ms'] === '1234', {
      what: 'the configuration',
    })
    expect((await admin.describe(topic))?.config['cleanup.policy']).toBe('compact')
    expect(await admin.list()).toContain(topic)
    await admin.delete([topic])
    await waitFor(async () => (await admin.describe(topic)) === null, { what: 'the deletion' })
    await admin.delete([topic])
  })

  it('ensures a topic twice and at once, refuses another partition count', async () => {
    const topic = await cluster.topic('ensure', 2)
    const spec = { topic, partitions: 2, config: {} }
    await Promise.all([admin.ensure([spec]), admin.ensure([spec])])
    await expect(admin.ensure([{ ...spec, partitions: 3 }])).rejects.toMatchObject({
      code: 'kafka.partition_mismatch',
      where: topic,
    })
  })

  it('says what the broker dislikes', async () => {
    await expect(admin.ensure([{ topic: 'not a name', partitions: 1, config: {} }])).rejects.toMatchObject({
      code: 'kafka.refused',
    })
    const bad = { topic: cluster.name('bad'), partitions: 1, config: { 'retention.ms': 'soon' } }
    await expect(admin.ensure([bad])).rejects.toMatchObject({ code: 'kafka.refused' })
  })

  it('resets the offsets of a group without members, and removes it', async () => {
    const [topic, groupId] = [await cluster.topic('reset'), cluster.name('g')]
    await admin.resetOffsets(groupId, [{ topic, partition: 0, next: 5n, metadata: 'm' }])
    expect(await admin.committed(groupId, { [topic]: [0] })).toEqual([
      { topic, partition: 0, next: 5n, metadata: 'm' },
    ])
    await admin.deleteGroup(groupId)
    expect(await admin.committed(groupId, { [topic]: [0] })).toMatchObject([{ next: null }])
  })

  it('refuses to remove a group that has a member, and has nothing to do for one that never was', async () => {
    const [topic, groupId] = [await cluster.topic('busy'), cluster.name('g')]
    await admin.resetOffsets(groupId, [{ topic, partition: 0, next: 0n }])
    // whoever does not leave is a member for longer than the test lasts
    const options = { groupId, topics: [topic], memberName: 'a', sessionTimeoutMs: 300_000 }
    const member = await joinGroup(cluster.kafka, options)
    await waitFor(async () => (await admin.memberCount(groupId)) === 1, { what: 'the member' })
    await expect(admin.deleteGroup(groupId)).rejects.toMatchObject({
      code: 'remove.in_use',
      message: expect.stringContaining('NON_EMPTY_GROUP'),
      where: groupId,
    })
    expect(await admin.committed(groupId, { [topic]: [0] })).toMatchObject([{ next: 0n }])
    await member.consumer.stop()
    await waitFor(async () => (await admin.memberCount(groupId)) === 0, { what: 'the member to be gone' })
    await admin.deleteGroup(groupId)
    expect(await admin.committed(groupId, { [topic]: [0] })).toMatchObject([{ next: null }])
    await admin.deleteGroup(groupId)
    await admin.deleteGroup(cluster.name('never'))
  })

  it('counts the members of a group, also of one that is not there', async () => {
    const [topic, groupId] = [await cluster.topic('members'), cluster.name('g')]
    expect(await admin.memberCount(groupId)).toBe(0)
    // whoever does not leave is counted for longer than the test lasts
    const options = { groupId, topics: [topic], memberName: 'a', sessionTimeoutMs: 300_000 }
    const member = await joinGroup(cluster.kafka, options)
    await waitFor(async () => (await admin.memberCount(groupId)) === 1, { what: 'the member' })
    await member.consumer.stop()
    await waitFor(async () => (await admin.memberCount(groupId)) === 0, { what: 'the member to be gone' })
  })

  it('says so when nobody answers', async () => {
    const nobody = createKafka({ brokers: ['127.0.0.1:1'], clientId: 'nobody', patienceMs: 500 })
    await expect(nobody.writer({ name: 'nobody', transactionTimeoutMs: 1000 })).rejects.toMatchObject({
      code: 'kafka.unreachable',
    })
    await nobody.stop()
  })
})

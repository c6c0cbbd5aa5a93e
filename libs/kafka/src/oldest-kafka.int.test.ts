import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { uniqueName, waitFor } from '@headrace/testkit'
import type { Kafka } from './kafka.ts'
import { joinGroup } from './testing/member.ts'
import { ownCluster, type OwnCluster } from './testing/own-cluster.ts'
import { readCommitted } from './testing/read-committed.ts'
import { outsider, record } from './testing/test-cluster.ts'
import { TransactionalId } from './writer/transactional-id.ts'
import { ClusterClient } from './connect/cluster-client.ts'

/* The main promises once more on the oldest Kafka that is accepted: its transactions are of the older protocol (06 E6). */

let cluster: OwnCluster
let kafka: Kafka
beforeAll(async () => {
  cluster = await ownCluster({ version: '3.9.1' })
  kafka = cluster.connect()
  // it may have to be fetched first
}, 900_000)
afterAll(() => cluster?.stop())

const topic = async (what: string, partitions = 1): Promise<string> => {
  const name = uniqueName(what)
  await kafka.admin.ensure([{ topic: name, partitions, config: {} }])
  return name
}

describe('Kafka 3.9', () => {
  it('is accepted (06 E6)', async () => {
    await expect(kafka.admin.checkVersion()).resolves.toBeUndefined()
  })

  it('commits records and positions together, exactly once and in order (06 E4)', async () => {
    const [input, output] = [await topic('in', 3), await topic('out', 3)]
    const groupId = uniqueName('group')
    const writer = await kafka.writer({ name: uniqueName('w'), compression: 'lz4' })
    const count = 6000
    await writer.write({
      records: Array.from({ length: count }, (_, n) => record(input, String(n), n % 3)),
    })
    const member = await joinGroup(kafka, { groupId, topics: [input], memberName: 'm' })
    for (let taken = 0; taken < count;) {
      const batches = await member.consumer.poll({
        maxRecords: 300,
        maxWaitMs: 1000,
        signal: AbortSignal.timeout(60_000),
      })
      for (const { partition, records, next, membership } of batches) {
        taken += records.length
        await writer.write({
          records: records.map(({ key, value }) => ({ topic: output, partition, key, value })),
          from: { membership, offsets: [{ topic: input, partition, next }] },
        })
      }
    }
    const seen = await readCommitted(kafka, output)
    for (const p of [0, 1, 2]) {
      const own = seen.filter(({ partition }) => partition === p).map(({ value }) => Number(value))
      expect(own).toEqual(Array.from({ length: count / 3 }, (_, i) => i * 3 + p))
    }
    const positions = await kafka.admin.committed(groupId, { [input]: [0, 1, 2] })
    expect(positions.every(({ next }) => next === BigInt(count / 3 + 1))).toBe(true)
    await member.consumer.stop()
  })

  it('writes positions without records, again and again (06 E4a)', async () => {
    const [input, groupId] = [await topic('in'), uniqueName('group')]
    const writer = await kafka.writer({ name: uniqueName('w') })
    for (let i = 1; i <= 40; i++) {
      const offsets = [{ topic: input, partition: 0, next: BigInt(i) }]
      await writer.write({ records: [], from: { membership: outsider(groupId, input), offsets } })
    }
    expect((await kafka.admin.committed(groupId, { [input]: [0] }))[0]?.next).toBe(40n)
  })

  it('fences the first of two writers of one name, and what a group member left behind (06 E4, E4b)', async () => {
    const [input, output] = [await topic('in'), await topic('out')]
    const name = uniqueName('w')
    const first = await kafka.writer({ name })
    await first.write({ records: [record(input, 'a'), record(output, 'first')] })
    const groupId = uniqueName('group')
    const member = await joinGroup(kafka, { groupId, topics: [input], memberName: 'm' })
    const [batch] = await member.take(1)
    if (batch === undefined) throw new Error('no batch')
    const second = await kafka.writer({ name })
    const late = first.write({ records: [record(output, 'zombie')] })
    await expect(late).rejects.toMatchObject({ code: 'kafka.writer_fenced' })

    await member.consumer.stop()
    const next = await joinGroup(kafka, { groupId, topics: [input], memberName: 'n' })
    await waitFor(() => next.current() !== undefined, { what: 'the next generation' })
    const stale = second.write({
      records: [record(output, 'stale')],
      from: { membership: batch.membership, offsets: [{ topic: input, partition: 0, next: batch.next }] },
    })
    await expect(stale).rejects.toMatchObject({ code: 'kafka.fenced' })
    await second.write({ records: [record(output, 'second')] })
    expect((await readCommitted(kafka, output)).map(({ value }) => value)).toEqual(['first', 'second'])
    await next.consumer.stop()
  })

  it('shows nothing of aborted transactions, crossed ones too (06 E1)', async () => {
    const output = await topic('out')
    const client = new ClusterClient({ brokers: cluster.stack.kafkaBrokers, clientId: 'headrace-test' })
    const open = async (): Promise<TransactionalId> => {
      const settings = { transactionTimeoutMs: 60_000, codec: 0, endTxnPatienceMs: 10_000 }
      const made = new TransactionalId(client, { id: uniqueName('id'), ...settings })
      await made.init()
      return made
    }
    const [a, b] = [await open(), await open()]
    for (let round = 0; round < 4; round++) {
      await a.prepare([record(output, 'aborted')], undefined, [])
      await b.prepare([record(output, `kept ${round}`)], undefined, [])
      await a.prepare([record(output, 'aborted too')], undefined, [])
      expect(await b.end(true)).toBe(true)
      expect(await a.end(false)).toBe(true)
    }
    const seen = (await readCommitted(kafka, output)).map(({ value }) => value)
    expect(seen).toEqual([0, 1, 2, 3].map(round => `kept ${round}`))
    await client.stop()
  })
})

import { afterAll, describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { deleteRecords } from '../testing/delete-records.ts'
import { joinGroup } from '../testing/member.ts'
import { readCommitted } from '../testing/read-committed.ts'
import { sabotage } from '../testing/sabotage.ts'
import { outsider, record, testCluster } from '../testing/test-cluster.ts'
import type { Batch } from '../types.ts'
import { TransactionalId } from '../writer/transactional-id.ts'

const FETCH = 1
/** A member that stands still for a while is not missed yet. */
const SESSION_MS = 12_000
const LONGER_THAN_SESSION_MS = 14_000

const cluster = testCluster('consumer')
const { kafka } = cluster
afterAll(() => cluster.stop())

const feed = async (topic: string, count: number, partitions = 1, size = 10): Promise<void> => {
  const writer = await kafka.writer({ name: cluster.name('feeder') })
  const value = (n: number) => `${n}:${'x'.repeat(size)}`
  await writer.write({
    records: Array.from({ length: count }, (_, n) => record(topic, value(n), n % partitions)),
  })
  await writer.stop()
}

const numbers = (batches: readonly Batch[]) =>
  batches.flatMap(batch => batch.records.map(({ value }) => Number(value?.toString().split(':')[0])))

const inOrder = (count: number) => Array.from({ length: count }, (_, n) => n)

const once = (batch: Batch) => ({ topic: batch.topic, partition: batch.partition, next: batch.next })

describe('group consumer (06 E3)', () => {
  it('takes 20,000 records through a transaction each 500, exactly once and in order', async () => {
    const [input, output] = [await cluster.topic('in', 4), await cluster.topic('out', 4)]
    await feed(input, 20_000, 4)
    const writer = await kafka.writer({ name: cluster.name('w') })
    const member = await joinGroup(kafka, { groupId: cluster.name('g'), topics: [input], memberName: 'a' })
    for (let left = 20_000; left > 0;) {
      const batches = await member.take(Math.min(500, left))
      const membership = batches[0]?.membership
      if (membership === undefined) throw new Error('no batch')
      const records = batches.flatMap(batch =>
        batch.records.map(({ key, value }) => ({ topic: output, partition: batch.partition, key, value })),
      )
      const last = new Map(batches.map(batch => [batch.partition, once(batch)]))
      await writer.write({ records, from: { membership, offsets: [...last.values()] } })
      left -= records.length
    }
    const seen = await readCommitted(kafka, output)
    expect(seen).toHaveLength(20_000)
    for (const partition of [0, 1, 2, 3]) {
      const own = seen.filter(r => r.partition === partition).map(r => Number(r.value?.split(':')[0]))
      expect(own).toEqual(inOrder(5000).map(n => n * 4 + partition))
    }
    expect(member.history).toHaveLength(1)
    await member.consumer.stop()
  })

  it('begins anew at once when a partition is started again: nothing of the start before comes', async () => {
    const input = await cluster.topic('in')
    await feed(input, 200)
    const options = { groupId: cluster.name('g'), topics: [input], memberName: 'a' }
    const member = await joinGroup(kafka, options, 'paused')
    const membership = await waitFor(() => member.current(), { what: 'the assignment' })
    const seen: number[] = []
    for (let round = 0; round < 40; round++) {
      for (let again = 0; again < 3; again++) member.consumer.startPartition(membership, input, 0)
      const batches = await member.take(5)
      seen.push(...numbers(batches))
      await member.consumer.commit(membership, batches.slice(-1).map(once))
    }
    expect(seen).toEqual(inOrder(200))
    await member.consumer.stop()
  })

  it('begins at the log start without committed offset, and after a restart at the committed one', async () => {
    const [input, groupId] = [await cluster.topic('in'), cluster.name('g')]
    await feed(input, 10)
    const options = { groupId, topics: [input], memberName: 'a' }
    const first = await joinGroup(kafka, options)
    expect(await first.consumer.committed({ [input]: [0] })).toMatchObject([{ next: null }])
    const batches = await first.take(10)
    expect(numbers(batches)).toEqual(inOrder(10))
    await first.consumer.stop()

    const second = await joinGroup(kafka, options)
    const [batch] = await second.take(4)
    expect(batch?.records.map(r => r.offset)).toEqual([0n, 1n, 2n, 3n])
    if (batch === undefined) throw new Error('no batch')
    await second.consumer.commit(batch.membership, [{ ...once(batch), metadata: 'half' }])
    await second.consumer.stop()

    const third = await joinGroup(kafka, options)
    expect(await third.consumer.committed({ [input]: [0] })).toMatchObject([{ next: 4n, metadata: 'half' }])
    expect(numbers(await third.take(6))).toEqual([4, 5, 6, 7, 8, 9])
    await third.consumer.stop()
  })

  it('drains to the last stable offset, markers included', async () => {
    const input = await cluster.topic('in')
    await feed(input, 3)
    const member = await joinGroup(kafka, { groupId: cluster.name('g'), topics: [input], memberName: 'a' })
    const batches = await member.take(3)
    expect(batches.at(-1)).toMatchObject({ next: 4n, endOffset: 4n })
    expect(member.consumer.lag()).toEqual([{ topic: input, partition: 0, records: 0, seconds: 0 }])
    await member.consumer.stop()
  })

  it('tells how far it is behind', async () => {
    const input = await cluster.topic('in')
    await feed(input, 100)
    const member = await joinGroup(kafka, { groupId: cluster.name('g'), topics: [input], memberName: 'a' })
    await member.take(40)
    const [lag] = member.consumer.lag()
    expect(lag?.records).toBe(61)
    expect(lag?.seconds).toBeGreaterThan(0)
    await member.consumer.stop()
  })

  it('waits for a transaction that is open on its offset, with heartbeats going on', async () => {
    const [input, groupId] = [await cluster.topic('in'), cluster.name('g')]
    await feed(input, 10)
    const open = new TransactionalId(cluster.client(), {
      id: cluster.name('open'),
      transactionTimeoutMs: 60_000,
      codec: 0,
      endTxnPatienceMs: 10_000,
    })
    await open.init()
    await open.prepare([], outsider(groupId, input), [{ topic: input, partition: 0, next: 7n }])
    const member = await joinGroup(kafka, {
      groupId,
      topics: [input],
      memberName: 'a',
      sessionTimeoutMs: SESSION_MS,
    })
    const taking = member.take(3)
    const started = Date.now()
    await waitFor(() => Date.now() - started > LONGER_THAN_SESSION_MS, { what: 'more than a session' })
    await open.end(true)
    expect(numbers(await taking)).toEqual([7, 8, 9])
    expect(member.history).toHaveLength(1)
    await member.consumer.stop()
  })

  it('stays a member while partitions are paused for a restore longer than the session', async () => {
    const input = await cluster.topic('in', 2)
    await feed(input, 10, 2)
    const options = {
      groupId: cluster.name('g'),
      topics: [input],
      memberName: 'a',
      sessionTimeoutMs: SESSION_MS,
    }
    const member = await joinGroup(kafka, options, 'paused')
    const membership = await waitFor(() => member.current(), { what: 'the assignment' })
    const ends = AbortSignal.timeout(120_000)
    expect(
      await member.consumer.poll({ maxRecords: 10, maxWaitMs: LONGER_THAN_SESSION_MS, signal: ends }),
    ).toEqual([])
    member.consumer.startPartition(membership, input, 1, 2n)
    const one = await member.take(3)
    expect(one.every(batch => batch.partition === 1)).toBe(true)
    expect(numbers(one)).toEqual([5, 7, 9])
    member.consumer.startPartition(membership, input, 0)
    expect(numbers(await member.take(5))).toEqual([0, 2, 4, 6, 8])
    expect(member.history).toEqual([{ what: 'assigned', membership }])
    await member.consumer.stop()
  })

  it('stays a member while its queue is full, fetches no more than the queue holds, loses nothing', async () => {
    const input = await cluster.topic('in', 4)
    await feed(input, 4000, 4, 2000)
    const options = {
      groupId: cluster.name('g'),
      topics: [input],
      memberName: 'a',
      sessionTimeoutMs: SESSION_MS,
    }
    const fetch = { maxQueuedBytes: 500_000, maxBytes: 300_000, maxBytesPerPartition: 100_000 }
    const member = await joinGroup(kafka, { ...options, fetch })
    const first = await member.take(1)
    const before = process.memoryUsage().arrayBuffers
    const started = Date.now()
    await waitFor(() => Date.now() - started > LONGER_THAN_SESSION_MS, { what: 'more than a session' })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000)
    const rest = await member.take(3999)
    expect(numbers([...first, ...rest]).sort((x, y) => x - y)).toEqual(inOrder(4000))
    expect(member.history).toHaveLength(1)
    await member.consumer.stop()
  })

  it('does not loop when there is nothing to read', async () => {
    const input = await cluster.topic('in', 2)
    const wire = sabotage()
    const own = testCluster('idle', wire)
    const options = { groupId: own.name('g'), topics: [input], memberName: 'a', fetch: { maxWaitMs: 500 } }
    const member = await joinGroup(own.kafka, options)
    const fetches = (): number => wire.sent.get(FETCH) ?? 0
    try {
      await waitFor(() => fetches() > 0, { what: 'the first fetch' })
      const [before, began] = [fetches(), performance.now()]
      await member.consumer.poll({ maxRecords: 1, maxWaitMs: 3000, signal: AbortSignal.timeout(120_000) })
      // each waits in the broker
      expect(fetches() - before).toBeLessThanOrEqual((performance.now() - began) / 250)
    } finally {
      await own.stop()
    }
  })

  it('ends with an error when its position is not in the log, never jumps (06 E1)', async () => {
    const input = await cluster.topic('in')
    await feed(input, 10)
    await deleteRecords(cluster.client(), input, 0, 5n)
    const member = await joinGroup(
      kafka,
      { groupId: cluster.name('g'), topics: [input], memberName: 'a' },
      'paused',
    )
    const membership = await waitFor(() => member.current(), { what: 'the assignment' })
    member.consumer.startPartition(membership, input, 0, 2n)
    const expected = { code: 'kafka.offset_out_of_range', where: `${input}/0` }
    await expect(member.consumer.failed).rejects.toMatchObject(expected)
    await expect(member.take(1)).rejects.toMatchObject(expected)
    await member.consumer.stop()
  })

  it('refuses topics with different partition counts and missing ones (06 E5)', async () => {
    const [one, two] = [await cluster.topic('one', 1), await cluster.topic('two', 2)]
    const options = { groupId: cluster.name('g'), memberName: 'a' }
    await expect(joinGroup(kafka, { ...options, topics: [one, two] })).rejects.toMatchObject({
      code: 'kafka.partition_mismatch',
    })
    await expect(joinGroup(kafka, { ...options, topics: [cluster.name('none')] })).rejects.toMatchObject({
      code: 'kafka.topic_missing',
    })
  })

  it('fails when a callback throws', async () => {
    const input = await cluster.topic('in')
    const consumer = await kafka.consumer({
      groupId: cluster.name('g'),
      topics: [input],
      memberName: 'a',
      handlers: {
        assigned: () => {
          throw new Error('of the service')
        },
        revoked: () => undefined,
      },
    })
    await expect(consumer.failed).rejects.toMatchObject({ code: 'internal.bug' })
    await consumer.stop()
  })
})

describe('rebalance (06 E5)', () => {
  it('co-partitions two topics over two members, moves half, and back', async () => {
    const [one, two] = [await cluster.topic('one', 6), await cluster.topic('two', 6)]
    const options = { groupId: cluster.name('g'), topics: [one, two], sessionTimeoutMs: SESSION_MS }
    const a = await joinGroup(kafka, { ...options, memberName: 'a' })
    const before = await waitFor(() => a.current(), { what: 'the assignment of a' })
    expect(before.assignment[one]).toEqual([0, 1, 2, 3, 4, 5])
    const b = await joinGroup(kafka, { ...options, memberName: 'b' })
    const other = await waitFor(() => b.current(), { what: 'the assignment of b' })
    const kept = await waitFor(() => a.current()?.generationId === other.generationId && a.current(), {
      what: 'a again',
    })
    expect(kept.assignment[one]).toEqual([0, 2, 4])
    expect(other.assignment[one]).toEqual([1, 3, 5])
    for (const { assignment } of [kept, other]) expect(assignment[two]).toEqual(assignment[one])
    expect(a.history.map(({ what }) => what)).toEqual(['assigned', 'revoked', 'assigned'])
    await b.consumer.stop()
    const alone = await waitFor(() => (a.current()?.generationId ?? 0) > other.generationId && a.current(), {
      what: 'a alone',
    })
    expect(alone.assignment[one]).toEqual([0, 1, 2, 3, 4, 5])
    await a.consumer.stop()
  })

  it('fences work of an old generation, in transactions and plain commits', async () => {
    const [input, output] = [await cluster.topic('in', 2), await cluster.topic('out', 2)]
    await feed(input, 10, 2)
    const options = { groupId: cluster.name('g'), topics: [input], sessionTimeoutMs: SESSION_MS }
    const writer = await kafka.writer({ name: cluster.name('w') })
    const a = await joinGroup(kafka, { ...options, memberName: 'a' })
    const old = await a.take(10)
    const b = await joinGroup(kafka, { ...options, memberName: 'b' })
    const present = await waitFor(() => b.current(), { what: 'the assignment of b' })
    const [left] = old
    if (left === undefined) throw new Error('no batch')
    const work = (batch: Batch) => ({
      records: [record(output, `generation ${batch.membership.generationId}`, batch.partition)],
      from: { membership: batch.membership, offsets: [once(batch)] },
    })
    await expect(writer.write(work(left))).rejects.toMatchObject({ code: 'kafka.fenced' })
    await expect(a.consumer.commit(left.membership, [once(left)])).rejects.toMatchObject({
      code: 'kafka.fenced',
    })
    const [fresh] = await b.take(5)
    if (fresh === undefined) throw new Error('no batch')
    await writer.write(work(fresh))
    expect((await readCommitted(kafka, output)).map(r => r.value)).toEqual([
      `generation ${present.generationId}`,
    ])
    await Promise.all([a.consumer.stop(), b.consumer.stop()])
  })

  it('drops what was queued and what is asked for under an old membership', async () => {
    const input = await cluster.topic('in', 2)
    await feed(input, 100, 2)
    const options = { groupId: cluster.name('g'), topics: [input], sessionTimeoutMs: SESSION_MS }
    const a = await joinGroup(kafka, { ...options, memberName: 'a' })
    await a.take(1) // 99 wait in the queue
    const old = a.current()
    const b = await joinGroup(kafka, { ...options, memberName: 'b' }, 'paused')
    const present = await waitFor(() => b.current(), { what: 'the assignment of b' })
    const now = await waitFor(() => a.current()?.generationId === present.generationId && a.current(), {
      what: 'a again',
    })
    if (old === undefined) throw new Error('no membership')
    a.consumer.startPartition(old, input, 1, 0n) // void
    const batches = await a.take(50)
    expect(batches.every(batch => batch.membership === now && batch.partition === 0)).toBe(true)
    expect(numbers(batches)).toEqual(inOrder(50).map(n => n * 2))
    await Promise.all([a.consumer.stop(), b.consumer.stop()])
  })
})

import { afterAll, describe, expect, it } from '@jest/globals'
import { connect, type Socket } from 'node:net'
import { backends, waitFor } from '@headrace/testkit'
import { createKafka } from '../kafka.ts'
import { deleteRecords } from '../testing/delete-records.ts'
import { record, testCluster } from '../testing/test-cluster.ts'
import { TransactionalId } from '../writer/transactional-id.ts'
import type { ReadPart } from './log-reader.ts'

const cluster = testCluster('reader')
const { kafka } = cluster
afterAll(() => cluster.stop())

const reader = kafka.reader()

interface Gathered {
  readonly values: string[]
  readonly offsets: bigint[]
  readonly next: bigint | undefined
}

const gather = async (parts: AsyncIterable<ReadPart>): Promise<Gathered> => {
  const records: ReadPart['records'][number][] = []
  let next: bigint | undefined
  for await (const part of parts) {
    records.push(...part.records)
    next = part.next
  }
  return {
    values: records.map(r => r.value?.toString() ?? 'null'),
    offsets: records.map(r => r.offset),
    next,
  }
}

/** A commit returns before its markers are in the log, and they count. */
const allIn = (topic: string, end: bigint): Promise<unknown> =>
  waitFor(async () => (await reader.bounds(topic, 0)).end === end, {
    what: `the last marker in the log, which then ends at ${end}`,
  })

const id = async (name: string): Promise<TransactionalId> => {
  const made = new TransactionalId(cluster.client(), {
    id: cluster.name(name),
    transactionTimeoutMs: 60_000,
    codec: 0,
    endTxnPatienceMs: 10_000,
  })
  await made.init()
  return made
}

describe('reader without a group (06 E5a)', () => {
  it('closes every socket although several first uses connect at the same time', async () => {
    const topic = await cluster.topic('sockets', 4)
    const sockets: Socket[] = []
    const own = createKafka(
      { brokers: backends().kafkaBrokers, clientId: 'headrace-test' },
      {
        socketFactory: ({ host, port, onConnect }) => {
          const socket = connect({ host, port }, onConnect)
          sockets.push(socket)
          return socket
        },
      },
    )
    const parallel = own.reader()
    await Promise.all([0, 1, 2, 3].map(partition => parallel.bounds(topic, partition)))
    await own.stop()
    expect(sockets.length).toBeGreaterThan(0)
    await waitFor(() => sockets.every(socket => socket.destroyed), { what: 'all sockets closed' })
  })

  it('ends at once in an empty partition and at the end', async () => {
    const topic = await cluster.topic('empty')
    expect(await gather(reader.readToEnd(topic, 0, 0n))).toEqual({ values: [], offsets: [], next: undefined })
    expect(await reader.bounds(topic, 0)).toEqual({ start: 0n, end: 0n })
  })

  it('ends when the log ends in control records, committed and aborted', async () => {
    const topic = await cluster.topic('markers')
    const one = await id('one')
    await one.prepare([record(topic, 'a'), record(topic, 'b')], undefined, [])
    await one.end(true)
    await allIn(topic, 3n)
    expect(await gather(reader.readToEnd(topic, 0, 0n))).toEqual({
      values: ['a', 'b'],
      offsets: [0n, 1n],
      next: 3n,
    })
    for (let i = 0; i < 3; i++) {
      await one.prepare([record(topic, 'aborted')], undefined, [])
      await one.end(false)
    }
    await allIn(topic, 9n)
    expect(await gather(reader.readToEnd(topic, 0, 0n))).toEqual({
      values: ['a', 'b'],
      offsets: [0n, 1n],
      next: 9n,
    })
    expect(await gather(reader.readToEnd(topic, 0, 2n))).toEqual({ values: [], offsets: [], next: 9n })
    expect(await gather(reader.readToEnd(topic, 0, 9n))).toEqual({ values: [], offsets: [], next: undefined })
  })

  it('sees everything that was committed before the call, and waits for what was open then', async () => {
    const topic = await cluster.topic('open')
    const [one, two] = [await id('one'), await id('two')]
    for (let i = 0; i < 30; i++) {
      await one.prepare([record(topic, `${i}`)], undefined, [])
      await one.end(true) // returns before the marker is in the log
      expect((await gather(reader.readToEnd(topic, 0, 0n))).values).toHaveLength(i + 1)
    }
    await two.prepare([record(topic, 'open')], undefined, [])
    await one.prepare([record(topic, 'behind it')], undefined, [])
    await one.end(true)
    const stable = (await reader.bounds(topic, 0)).end
    expect(await reader.written(topic, 0)).toBeGreaterThan(stable)
    const reading = gather(reader.readToEnd(topic, 0, 0n))
    const asked = Date.now()
    const second = waitFor(() => Date.now() > asked + 1000 && ('still open' as const), { what: 'a second' })
    const first = await Promise.race([reading, second])
    expect(first).toBe('still open')
    await two.end(true)
    expect((await reading).values.slice(-2)).toEqual(['open', 'behind it'])
  })

  it('reads many fetches, from the middle too', async () => {
    const topic = await cluster.topic('many')
    const writer = await kafka.writer({ name: cluster.name('w') })
    for (let i = 0; i < 5; i++) {
      await writer.write({
        records: Array.from({ length: 2000 }, (_, n) => record(topic, `${i * 2000 + n}`.padEnd(200))),
      })
    }
    await allIn(topic, 10_005n)
    const small = kafka.reader({ fetch: { maxBytesPerPartition: 50_000 } })
    const all = await gather(small.readToEnd(topic, 0, 0n))
    expect(all.values.map(Number)).toEqual([...Array(10_000).keys()])
    expect(all.next).toBe(10_005n)
    const rest = await gather(small.readToEnd(topic, 0, 7003n))
    expect(rest.offsets).toEqual(all.offsets.filter(offset => offset >= 7003n))
  })

  it('can be left early', async () => {
    const topic = await cluster.topic('early')
    const writer = await kafka.writer({ name: cluster.name('w') })
    await writer.write({ records: Array.from({ length: 100 }, (_, n) => record(topic, `${n}`)) })
    for await (const part of reader.readToEnd(topic, 0, 0n)) {
      expect(part.records[0]?.offset).toBe(0n)
      break
    }
    const stopped = new AbortController()
    stopped.abort()
    expect((await gather(reader.readToEnd(topic, 0, 0n, stopped.signal))).values).toEqual([])
  })

  it('follows what comes, until the signal', async () => {
    const topic = await cluster.topic('follow')
    const writer = await kafka.writer({ name: cluster.name('w') })
    await writer.write({ records: [record(topic, 'a')] })
    const ends = new AbortController()
    const seen: string[] = []
    const following = (async () => {
      for await (const part of reader.follow(topic, 0, 0n, ends.signal))
        seen.push(...part.records.map(r => `${r.value?.toString()}`))
    })()
    await waitFor(() => seen.length === 1, { what: 'the first record' })
    await writer.write({ records: [record(topic, 'b'), record(topic, 'c')] })
    await waitFor(() => seen.length === 3, { what: 'the others' })
    ends.abort()
    await following
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it('says when a position is not in the log (06 E1)', async () => {
    const topic = await cluster.topic('gone')
    const writer = await kafka.writer({ name: cluster.name('w') })
    await writer.write({ records: Array.from({ length: 10 }, (_, n) => record(topic, `${n}`)) })
    await allIn(topic, 11n)
    await deleteRecords(cluster.client(), topic, 0, 4n)
    expect(await reader.bounds(topic, 0)).toEqual({ start: 4n, end: 11n })
    await expect(gather(reader.readToEnd(topic, 0, 2n))).rejects.toMatchObject({
      code: 'kafka.offset_out_of_range',
      where: `${topic}/0`,
    })
    expect((await gather(reader.readToEnd(topic, 0, 4n))).values).toEqual(['4', '5', '6', '7', '8', '9'])
  })

  it('passes compaction gaps, at the end too', async () => {
    const topic = await cluster.topic('compacted', 1, {
      'cleanup.policy': 'compact',
      'segment.ms': '100',
      'min.cleanable.dirty.ratio': '0.001',
      'max.compaction.lag.ms': '100',
      'delete.retention.ms': '0',
    })
    const writer = await kafka.writer({ name: cluster.name('w') })
    let rounds = 0
    const round = async () => {
      rounds++
      const kept = record(topic, 'kept', 0, `kept ${rounds}`)
      const replaced = Array.from({ length: 200 }, (_, n) => record(topic, `${rounds}`, 0, `k${n % 20}`))
      await writer.write({ records: [kept, ...replaced] })
    }
    for (let i = 0; i < 10; i++) await round()
    // a newer segment is needed before the older ones are compacted
    await waitFor(
      async () => {
        await round()
        const { values } = await gather(reader.readToEnd(topic, 0, 0n))
        return values.length < 1500
      },
      { what: 'compaction', timeoutMs: 180_000, everyMs: 1000 },
    )
    const { end } = await reader.bounds(topic, 0)
    // the broker compacts on while it is read: only two equal readings say what one between them must find
    const { before, gap, fromInside } = await waitFor(
      async () => {
        const before = await gather(reader.readToEnd(topic, 0, 0n))
        const { offsets } = before
        const gap = offsets.findIndex((offset, i) => i > 0 && offset > (offsets[i - 1] ?? 0n) + 2n)
        const inside = (offsets[gap] ?? 1n) - 1n
        const fromInside = await gather(reader.readToEnd(topic, 0, inside))
        const after = await gather(reader.readToEnd(topic, 0, 0n))
        return after.offsets.length === offsets.length && { before, gap, fromInside }
      },
      { what: 'two equal readings', timeoutMs: 120_000, everyMs: 500 },
    )
    expect(before.next).toBe(end)
    expect(before.offsets.length).toBeLessThan(rounds * 200)
    expect(gap).toBeGreaterThan(0)
    expect(fromInside.offsets).toEqual(before.offsets.slice(gap))
  }, 360_000)
})

import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import { codeOf } from '@headrace/errors'
import { uniqueName, waitFor } from '@headrace/testkit'
import { ClusterClient } from './connect/cluster-client.ts'
import type { Kafka } from './kafka.ts'
import { joinGroup, type TestMember } from './testing/member.ts'
import { ownCluster, type OwnCluster } from './testing/own-cluster.ts'
import { readCommitted } from './testing/read-committed.ts'
import { record } from './testing/test-cluster.ts'
import type { Batch, FencedWriter, TransactionWork } from './types.ts'

/*
 * Each of three brokers in turn is killed by SIGKILL and started again, while records are written, copied in fenced
 * transactions by two members, and followed by a reader. Leaders and both kinds of coordinators move. HEADRACE_TEST_BROKER_KILLS
 * makes it longer, HEADRACE_TEST_BROKER_RATE (records per second) heavier.
 */

const KILLS = Number(process.env['HEADRACE_TEST_BROKER_KILLS'] ?? 3)
const PER_SECOND = Number(process.env['HEADRACE_TEST_BROKER_RATE'] ?? 300)
const BROKERS = [1, 2, 3]
const PARTITIONS = [0, 1, 2, 3, 4, 5]
/** Far more than it takes: a slow machine is no failure. */
const MOVING_MS = 240_000

jest.setTimeout(900_000 + KILLS * 120_000)

let cluster: OwnCluster
let kafka: Kafka
let client: ClusterClient
const counts = { transactions: 0, fenced: 0, lost: 0, timedOut: 0, restarted: 0 }
const ending = new AbortController()
const work: Promise<unknown>[] = []

beforeAll(async () => {
  cluster = await ownCluster({ brokers: 3 })
  // a service would begin anew after that time
  kafka = cluster.connect({ patienceMs: MOVING_MS })
  client = new ClusterClient({ brokers: cluster.stack.kafkaBrokers, clientId: 'headrace-test' })
})
afterAll(async () => {
  ending.abort()
  await Promise.allSettled(work)
  await client?.stop()
  await cluster?.stop()
})

/** The writer of a process; a new one when its supervisor has started the process again. */
class ProcessWriter {
  readonly name: string
  #writer: FencedWriter | undefined
  constructor(name: string) {
    this.name = name
  }

  /** A service starts again after an error that says so; the work is what stands committed. */
  async commits(transaction: TransactionWork): Promise<boolean> {
    this.#writer ??= await kafka.writer({ name: this.name })
    try {
      await this.#writer.write(transaction)
      counts.transactions++
      return true
    } catch (error) {
      const code = codeOf(error)
      if (code === 'kafka.fenced') counts.fenced++
      else if (code === 'kafka.transaction_lost') {
        counts.lost++
        await this.#writer.recover()
      } else if (code === 'kafka.writer_fenced') {
        // nobody else has the name: no coordinator was there for longer than the transaction's time-out
        counts.timedOut++
        await this.stop()
      } else throw error
      return false
    }
  }

  async stop(): Promise<void> {
    await this.#writer?.stop()
    this.#writer = undefined
  }
}

const endOf = async (topic: string, partition: number): Promise<number> =>
  (await readCommitted(kafka, topic)).filter(r => r.partition === partition).length

/** Writes numbers per partition. Only who reads what it wrote may write again when an outcome is unknown. */
const feeder = (topic: string) => {
  let fed = 0
  let feeding = true
  const feed = async (): Promise<number> => {
    const writer = new ProcessWriter(uniqueName('feeder'))
    const began = Date.now()
    while (feeding && !ending.signal.aborted) {
      const due = Math.floor(((Date.now() - began) / 1000) * (PER_SECOND / PARTITIONS.length))
      const upTo = Math.min(due, fed + 200)
      if (upTo === fed) {
        await waitFor(() => Date.now() - began > ((fed + 1) * 1000 * PARTITIONS.length) / PER_SECOND, {
          what: 'the next record',
        })
        continue
      }
      const numbers = Array.from({ length: upTo - fed }, (_, i) => fed + i)
      const records = numbers.flatMap(n => PARTITIONS.map(p => record(topic, `${p}:${n}`, p)))
      fed = (await writer.commits({ records })) ? upTo : await endOf(topic, 0)
    }
    return fed
  }
  const running = feed()
  running.catch(() => undefined)
  work.push(running)
  return {
    finish: () => {
      feeding = false
      return running
    },
  }
}

interface Copier {
  readonly name: string
  readonly done: Promise<void>
}

/** A service in small: copies with positions until the end. */
const copier = (input: string, output: string, groupId: string, moved: Map<number, number>): Copier => {
  const name = uniqueName('copier')
  const run = async (): Promise<void> => {
    const writer = new ProcessWriter(name)
    const member = await joinGroup(kafka, {
      groupId,
      topics: [input],
      memberName: name,
      sessionTimeoutMs: 6000,
    })
    while (!ending.signal.aborted) {
      const batches = await member.consumer.poll({ maxRecords: 200, maxWaitMs: 500, signal: ending.signal })
      if (batches.length === 0) continue
      if (await copy(writer, batches, output))
        for (const { partition } of batches) moved.set(partition, Date.now())
      else startAgain(member)
    }
    await member.consumer.stop()
    await writer.stop()
  }
  const done = run()
  done.catch(() => undefined)
  work.push(done)
  return { name, done }
}

/** All batches of a poll in one transaction, as the services do it. */
const copy = (writer: ProcessWriter, batches: readonly Batch[], output: string): Promise<boolean> => {
  const records = batches.flatMap(batch =>
    batch.records.map(({ key, value }) => ({ topic: output, partition: batch.partition, key, value })),
  )
  const last = new Map(
    batches.map(({ topic, partition, next }) => [partition, { topic, partition, next }] as const),
  )
  const membership = batches[0]?.membership
  if (membership === undefined) throw new Error('no batch')
  const from = { membership, offsets: [...last.values()] }
  return writer.commits({ records, from })
}

/** From what stands committed, whatever became of the last transaction. After the end of a generation the next one does it. */
const startAgain = (member: TestMember): void => {
  const membership = member.current()
  if (membership === undefined) return
  counts.restarted++
  for (const [topic, partitions] of Object.entries(membership.assignment)) {
    for (const partition of partitions) member.consumer.startPartition(membership, topic, partition)
  }
}

/** A reader without a group over the whole time. */
const follower = (topic: string, partition: number): string[] => {
  const seen: string[] = []
  const run = async (): Promise<void> => {
    const reader = kafka.reader()
    for await (const { records } of reader.follow(topic, partition, 0n, ending.signal)) {
      for (const { value } of records) seen.push(value?.toString() ?? '')
    }
  }
  work.push(run())
  return seen
}

/** Every partition of the cluster has all its copies: any broker may be killed. */
const healed = (topics: readonly string[]): Promise<unknown> =>
  waitFor(
    async () => {
      const internal = ['__consumer_offsets', '__transaction_state']
      const { topicMetadata } = await (await client.anyBroker()).metadata([...topics, ...internal])
      return topicMetadata.every(({ partitionMetadata }) =>
        partitionMetadata.every(({ isr }) => isr.length === BROKERS.length),
      )
    },
    { what: 'all copies on three brokers', timeoutMs: MOVING_MS, everyMs: 200 },
  )

/** Waits no longer than all that should move it works: its failure says more than that nothing moves. */
const whileAllWork = <T>(waiting: Promise<T>): Promise<T> => {
  const failed = new Promise<never>((_, reject) => {
    for (const one of work) one.catch(reject)
  })
  return Promise.race([waiting, failed])
}

const allMove = async (moved: ReadonlyMap<number, number>, since: number): Promise<number> => {
  const move = () => ending.signal.aborted || PARTITIONS.every(p => (moved.get(p) ?? 0) > since)
  await whileAllWork(waitFor(move, { what: 'commits on all partitions', timeoutMs: MOVING_MS }))
  return Date.now() - since
}

const numbersOf = (values: readonly string[], partition: number): number[] =>
  values.map(value => {
    const [from, n] = value.split(':')
    return Number(from) === partition ? Number(n) : -1
  })

describe('three brokers, killed one after another', () => {
  it('keep each record exactly once and in order', async () => {
    const [input, output, groupId] = [uniqueName('in'), uniqueName('out'), uniqueName('group')]
    await kafka.admin.ensure(
      [input, output].map(topic => ({ topic, partitions: PARTITIONS.length, config: {} })),
    )
    // each asks any broker: all must have heard of it
    const seen = await Promise.all(BROKERS.flatMap(() => BROKERS.map(() => kafka.admin.describe(input))))
    for (const topic of seen)
      expect(topic).toMatchObject({ replicas: 3, config: { 'min.insync.replicas': '2' } })
    const moved = new Map<number, number>()
    const feeding = feeder(input)
    const copiers = [copier(input, output, groupId, moved), copier(input, output, groupId, moved)]
    const followed = PARTITIONS.map(partition => follower(output, partition))
    await allMove(moved, 0)
    const stood: number[] = []
    for (let n = 0; n < KILLS; n++) {
      await healed([input, output])
      const broker = BROKERS[n % BROKERS.length] ?? 1
      const at = Date.now()
      await cluster.stack.kill('kafka', broker)
      stood.push(await allMove(moved, at + 100))
      await cluster.stack.restart('kafka', broker)
    }
    const fed = await feeding.finish()
    const expected = Array.from({ length: fed }, (_, n) => n)
    const all = () => ending.signal.aborted || followed.every(seen => seen.length >= fed)
    const last = waitFor(all, {
      what: 'the last record',
      timeoutMs: MOVING_MS,
    })
    await whileAllWork(last)
    ending.abort()
    await Promise.all(copiers.map(({ done }) => done))
    const copied = await readCommitted(kafka, output)
    for (const p of PARTITIONS) {
      const values = copied.filter(({ partition }) => partition === p).map(({ value }) => value ?? '')
      expect(numbersOf(values, p)).toEqual(expected)
      expect(numbersOf(followed[p] ?? [], p)).toEqual(expected)
    }
    console.log(
      JSON.stringify({ kills: KILLS, records: copied.length, ...counts, movingAgainAfterMs: stood }),
    )
    expect(fed).toBeGreaterThan(KILLS * 10)
  })
})

import { afterAll, describe, expect, it, jest } from '@jest/globals'
import { backends, nodeCommand, type Random, seededRandom, waitFor } from '@headrace/testkit'
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { logOffset } from './connect/offsets.ts'
import { pause } from './connect/retry.ts'
import type { WorkerReport, WorkerSettings } from './testing/kill-worker.ts'
import { readCommitted } from './testing/read-committed.ts'
import { record, testCluster } from './testing/test-cluster.ts'

/*
 * Two workers copy a topic in fenced transactions and are killed and stopped in the middle (06 E4). In the end the copy
 * holds each record exactly once and in order. HEADRACE_TEST_KILLS and HEADRACE_TEST_STOPS make it longer.
 */

const KILLS = Number(process.env['HEADRACE_TEST_KILLS'] ?? 7)
const STOPS = Number(process.env['HEADRACE_TEST_STOPS'] ?? 4)
/** Kills of a worker that holds a transaction open; the others meet whatever is going on. */
const OPEN_KILLS = Math.ceil(KILLS * 0.75)
const LEAST_SESSION_MS = 2000
const PARTITIONS = [0, 1, 2]
const PER_SECOND = 300
/** Records of a partition that wait to be copied: a machine that is slower than they are fed would never come to the end. */
const MOST_WAITING = 1000
/** Far more than it takes: a slow machine is no failure. */
const PATIENCE_MS = 180_000

jest.setTimeout(600_000 + (KILLS + STOPS) * 60_000)

const cluster = testCluster('kill')
const { kafka } = cluster
const random: Random = seededRandom()

type Common = Omit<WorkerSettings, 'name' | 'seed'>

interface Worker {
  readonly child: ChildProcess
  readonly name: string
  gone: boolean
}

interface Counts {
  committed: number
  transactions: number
  openKills: number
  openStops: number
  starts: number
  readonly reports: Map<string, number>
}

const counts: Counts = {
  committed: 0,
  transactions: 0,
  openKills: 0,
  openStops: 0,
  starts: 0,
  reports: new Map(),
}
const workers = new Map<string, Worker>()
const lastCommit = new Map<number, number>()
/** The newest number of each partition that was copied. */
const copied = new Map<number, number>()
let held: { worker: Worker; since: number } | undefined
let ending = false

let feeding: ReturnType<typeof feeder> | undefined
afterAll(async () => {
  ending = true
  await feeding?.finish().catch(() => undefined)
  for (const { child } of workers.values()) child.kill('SIGKILL')
  await cluster.stop()
})

/** Dead members are missed after this time: the shorter, the more can be killed. */
const shortestSession = async (): Promise<number> => {
  const broker = await cluster.client().anyBroker()
  const { resources } = await broker.describeConfigs({
    resources: [{ type: 4, name: String(broker.nodeId) }],
  })
  const least = resources[0]?.configEntries.find(
    ({ configName }) => configName === 'group.min.session.timeout.ms',
  )
  return Math.max(LEAST_SESSION_MS, Number(least?.configValue ?? 6000))
}

const hear = (worker: Worker, report: WorkerReport): void => {
  const key = report.what === 'died' ? `died ${report.code}` : report.what
  counts.reports.set(key, (counts.reports.get(key) ?? 0) + 1)
  if (report.what === 'held') held = { worker, since: Date.now() }
  if (report.what !== 'committed') return
  counts.committed += report.count
  counts.transactions++
  lastCommit.set(report.partition, Date.now())
  const number = Number(report.last.split(':')[1] ?? 0)
  copied.set(report.partition, Math.max(number, copied.get(report.partition) ?? 0))
}

const start = (settings: Common, name: string): void => {
  counts.starts++
  const { command, args } = nodeCommand()
  const all: WorkerSettings = { ...settings, name, seed: random.int(1, 2 ** 30) }
  const program = join(import.meta.dirname, 'testing', 'kill-worker.ts')
  const child = fork(program, [JSON.stringify(all)], { execPath: command, execArgv: args })
  const worker: Worker = { child, name, gone: false }
  workers.set(name, worker)
  child.on('message', message => hear(worker, message as WorkerReport))
  child.on('exit', (_, signal) => {
    worker.gone = true
    // it ended itself: a supervisor would start it again
    if (!ending && signal === null && workers.get(name) === worker) start(settings, name)
  })
}

const allMove = async (since: number): Promise<number> => {
  await waitFor(() => PARTITIONS.every(p => (lastCommit.get(p) ?? 0) > since), {
    what: 'commits on all partitions',
    timeoutMs: PATIENCE_MS,
  })
  return Date.now() - since
}

/** A worker in the middle of a transaction that it holds open. */
const someoneHolding = async (): Promise<Worker> => {
  const asked = Date.now()
  const found = await waitFor(() => held !== undefined && held.since >= asked && !held.worker.gone && held, {
    what: 'an open transaction',
    timeoutMs: PATIENCE_MS,
    everyMs: 2,
  })
  return found.worker
}

const feeder = (topic: string) => {
  let fed = 0
  let feeding = true
  const run = async (): Promise<number> => {
    const writer = await kafka.writer({ name: cluster.name('feeder') })
    const began = Date.now()
    while (feeding) {
      const due = Math.floor(((Date.now() - began) / 1000) * PER_SECOND)
      const room = Math.min(...PARTITIONS.map(p => copied.get(p) ?? 0)) + MOST_WAITING
      const upTo = Math.max(fed, Math.min(due, fed + 400, room))
      const records = PARTITIONS.flatMap(p =>
        Array.from({ length: upTo - fed }, (_, i) => record(topic, `${p}:${fed + i}`, p)),
      )
      if (records.length > 0) await writer.write({ records })
      fed = upTo
      await pause(40)
    }
    return fed
  }
  const done = run()
  return {
    finish: () => {
      feeding = false
      return done
    },
  }
}

type Action = 'kill' | 'open kill' | 'stop'

const kill = async (settings: Common, open: boolean): Promise<number> => {
  const worker = open
    ? await someoneHolding()
    : random.pick([...workers.values()].filter(({ gone }) => !gone))
  const at = Date.now()
  worker.child.kill('SIGKILL')
  if (open) counts.openKills++
  const later = random.pick([0, 0, 700, settings.sessionTimeoutMs + 1500])
  const again = waitFor(() => Date.now() >= at + later, {
    what: 'the supervisor',
  }).then(() => start(settings, worker.name))
  const took = await allMove(at + 100)
  await again
  return took
}

/** A zombie: its transaction is open when it stops; others took over when it wakes, before or after the transaction's time-out. */
const stop = async ({ sessionTimeoutMs }: Common): Promise<number> => {
  const worker = await someoneHolding()
  const at = Date.now()
  worker.child.kill('SIGSTOP')
  counts.openStops++
  if (random.chance()) {
    await waitFor(() => Date.now() > at + sessionTimeoutMs + 1000, {
      what: 'the end of its session',
    })
    worker.child.kill('SIGCONT')
    return allMove(at + sessionTimeoutMs + 1000)
  }
  const took = await allMove(at + 100)
  worker.child.kill('SIGCONT')
  return took
}

/**
 * All positions have passed the ends of their partitions, which nobody feeds any more (markers count, so not the number fed). Not
 * the last stable offsets: the last transaction may still wait for its markers, and its records be missed.
 */
const drained = async (input: string, groupId: string): Promise<void> => {
  const client = cluster.client()
  const ends = await Promise.all(PARTITIONS.map(p => logOffset(client, input, p, 'end')))
  await waitFor(
    async () => {
      const committed = await kafka.admin.committed(groupId, { [input]: PARTITIONS })
      return (
        committed.length === PARTITIONS.length &&
        committed.every(({ partition, next }) => next !== null && next >= (ends[partition] ?? 0n))
      )
    },
    { what: 'the last record', timeoutMs: PATIENCE_MS, everyMs: 200 },
  )
}

const check = async (output: string, fed: number): Promise<void> => {
  const records = await readCommitted(kafka, output)
  const found = { doubled: 0, missing: 0, disorder: 0, strange: 0 }
  for (const partition of PARTITIONS) {
    const values = records.filter(r => r.partition === partition).map(r => r.value ?? '')
    const numbers = values.map(value => Number(value.split(':')[1]))
    found.strange += values.filter(value => !value.startsWith(`${partition}:`)).length
    found.doubled += numbers.length - new Set(numbers).size
    found.missing += fed - new Set(numbers).size
    found.disorder += numbers.filter((n, i) => i > 0 && n <= (numbers[i - 1] ?? -1)).length
  }
  console.log(
    JSON.stringify({
      records: records.length,
      ...found,
      ...counts,
      reports: Object.fromEntries(counts.reports),
    }),
  )
  expect(found).toEqual({ doubled: 0, missing: 0, disorder: 0, strange: 0 })
}

describe('killed and stopped workers', () => {
  it('copy each record exactly once and in order (06 E4)', async () => {
    const [input, output] = [await cluster.topic('in', 3), await cluster.topic('out', 3)]
    const groupId = cluster.name('g')
    const sessionTimeoutMs = await shortestSession()
    const times = { sessionTimeoutMs, transactionTimeoutMs: sessionTimeoutMs + 3000 }
    const settings = { brokers: backends().kafkaBrokers, input, output, groupId, ...times }
    console.log(`seed ${random.seed}: ${KILLS} kills, ${STOPS} stops, session ${sessionTimeoutMs} ms`)
    feeding = feeder(input)
    start(settings, cluster.name('w0'))
    start(settings, cluster.name('w1'))
    await allMove(0)
    const plan = random.shuffled<Action>([
      ...Array<Action>(OPEN_KILLS).fill('open kill'),
      ...Array<Action>(KILLS - OPEN_KILLS).fill('kill'),
      ...Array<Action>(STOPS).fill('stop'),
    ])
    const stalls: number[] = []
    for (const action of plan)
      stalls.push(await (action === 'stop' ? stop(settings) : kill(settings, action === 'open kill')))
    const fed = await feeding.finish()
    await drained(input, groupId)
    const sorted = [...stalls].sort((x, y) => x - y)
    console.log(`moving again after p50 ${sorted[sorted.length >> 1]} ms, max ${sorted.at(-1)} ms`)
    await check(output, fed)
    expect(counts.openStops).toBe(STOPS)
    expect(counts.openKills).toBe(OPEN_KILLS)
  })
})

import { readFileSync } from 'node:fs'
import { waitFor } from '@headrace/testkit'
import { Op } from '@headrace/wire'
import { createHarness, ended, type Harness } from './testing/harness.ts'
import { rawChange } from './testing/raw-records.ts'
import { testRelation } from './testing/test-pipeline.ts'

/**
 * How fast the service takes a backlog from Kafka to Kafka (04 K10), in fenced transactions, acks=all: seven columns, six rules.
 * `node --conditions=@headrace/source apps/validator/src/validator-process.bench.ts [records]`; needs HEADRACE_KAFKA_BROKERS; the last line is JSON.
 */
const TICKS_PER_SECOND = 100

const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

const committed = async ({ kafka, pipeline }: Harness): Promise<number> => {
  const topic = pipeline.topics.raw('shape')
  const offsets = await kafka.admin.committed(`${pipeline.name}.validator`, { [topic]: [0, 1] })
  return offsets.reduce((sum, { next }) => sum + Number(next ?? 0n), 0)
}

const ends = async ({ kafka, pipeline }: Harness): Promise<number> => {
  const reader = kafka.reader()
  const bounds = await Promise.all(
    [0, 1].map(partition => reader.bounds(pipeline.topics.raw('shape'), partition)),
  )
  await reader.stop()
  return bounds.reduce((sum, { end }) => sum + Number(end), 0)
}

const preload = async (harness: Harness, total: number): Promise<void> => {
  await harness.describe(testRelation('shape', 1n))
  const topic = harness.pipeline.topics.raw('shape')
  const row = (i: number) => [
    String(i),
    'abcdefgh',
    '10',
    'red',
    'a@example.org',
    '2024-01-01 00:00:00.5+00',
    '{"timeofday": "night", "weather": "rain"}',
  ]
  for (let from = 0; from < total; from += 5000) {
    await harness.write(
      Array.from({ length: 5000 }, (_, i) => rawChange(topic, 1n, Op.INSERT, from + i, row(from + i))),
    )
  }
}

const run = async (total: number): Promise<void> => {
  const harness = await createHarness()
  try {
    await preload(harness, total)
    const end = await ends(harness)
    const child = harness.spawn()
    await waitFor(async () => (await committed(harness)) > 0, {
      what: 'the first commit',
      timeoutMs: 30_000,
      everyMs: 5,
    })
    const [began, cpu, done] = [performance.now(), cpuSeconds(child.pid!), await committed(harness)]
    await waitFor(async () => (await committed(harness)) >= end, {
      what: 'the last commit',
      timeoutMs: 120_000,
      everyMs: 20,
    })
    const seconds = (performance.now() - began) / 1000
    const cpuUsed = cpuSeconds(child.pid!) - cpu
    const records = Math.round((total * (end - done)) / end)
    child.kill('SIGTERM')
    await ended(child)
    console.log(
      JSON.stringify({
        bench: 'validator-process',
        records,
        seconds,
        cpuSeconds: cpuUsed,
        recordsPerSecond: Math.round(records / seconds),
        recordsPerCpuSecond: Math.round(records / cpuUsed),
      }),
    )
  } finally {
    await harness.stop()
  }
}

await run(Number(process.argv[2] ?? 200_000))

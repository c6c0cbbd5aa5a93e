import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type BenchChain, cpuPerChange, note, startBenchChain } from './bench-chain.ts'
import { quantile } from './process-cpu.ts'
import { singleRowChange, workloadSql } from './workload-sql.ts'

const HELP = `npm run bench -- throughput [options]

The example image-search through all services: first load, single-row commits at full speed, one large transaction, a
rename that changes every document. After each phase all documents are compared with SQL; a wrong one fails the bench.
Standard output: one JSON object. Uses the servers that the environment names, else starts its own.

  --images N     images, with 5 annotations and 2 links each (default 20000)
  --seconds N    of single-row commits (default 20)
  --updates N    annotations that the large transaction changes (default as many as images)
`

interface Sizes {
  readonly images: number
  readonly seconds: number
  readonly updates: number
}

const WRITERS = 2
const ROWS_PER_IMAGE = 8
const SERVICES = new Set(['capture', 'validator', 'aggregator', 'indexer', 'search'])
const LAG_EVERY_MS = 500
const GIVE_UP_MS = 60_000
const oneDecimal = (value: number): number => Math.round(value * 10) / 10
const load1 = (): number => oneDecimal(loadavg()[0] ?? 0)

const firstLoad = async (chain: BenchChain, { images }: Sizes) => {
  const { documents, at } = await chain.right('first load')
  const seconds = (at - chain.loadBeganAt) / 1000
  // the services began with the load, the servers long before
  const services = Object.entries(chain.cpuSeconds()).filter(([name]) => SERVICES.has(name))
  return {
    documents,
    seconds: oneDecimal(seconds),
    secondsToStart: oneDecimal((chain.loadBeganAt - chain.startedAt) / 1000),
    documentsPerSecond: Math.round(documents / seconds),
    cpuMsPerRow: cpuPerChange({}, Object.fromEntries(services), images * ROWS_PER_IMAGE),
    load1: load1(),
  }
}

/** Time from a commit until a read by key shows it, ms. Asks less and less often, so that asking is no load. */
const lagOnce = async (chain: BenchChain, width: number): Promise<number> => {
  await chain.database.query('update image set width = $1 where id = 1', [width])
  const committed = performance.now()
  for (;;) {
    const document = await chain.documentOf(1)
    const waited = performance.now() - committed
    if (document?.['width'] === width) return waited
    if (waited > GIVE_UP_MS) throw new Error(`a change was not in the index after ${GIVE_UP_MS / 1000} s`)
    await delay(Math.max(8, waited / 10))
  }
}

const sustained = async (chain: BenchChain, { images, seconds }: Sizes) => {
  const before = chain.cpuSeconds()
  const began = performance.now()
  const end = began + seconds * 1000
  let commits = 0
  const write = async (): Promise<void> => {
    const client = await chain.database.pool.connect()
    try {
      while (performance.now() < end) {
        const { sql, params } = singleRowChange(images, commits++)
        await client.query(sql, [...params])
      }
    } finally {
      client.release()
    }
  }
  const lags: number[] = []
  const watch = async (): Promise<void> => {
    for (let width = 10_000; performance.now() < end; width++) {
      lags.push(await lagOnce(chain, width))
      await delay(LAG_EVERY_MS)
    }
  }
  await Promise.all([...Array.from({ length: WRITERS }, write), watch()])
  const stopped = performance.now()
  const { at } = await chain.right('single-row commits')
  const changes = commits + lags.length
  lags.sort((a, b) => a - b)
  return {
    commits: changes,
    commitsPerSecond: Math.round(changes / seconds),
    lagMs: { p50: quantile(lags, 0.5), p99: quantile(lags, 0.99), max: quantile(lags, 1) },
    rightAfterMs: Math.max(0, Math.round(at - stopped)),
    cpuMsPerChange: cpuPerChange(before, chain.cpuSeconds(), changes),
    load1: load1(),
  }
}

const oneStatement = async (chain: BenchChain, what: string, sql: string, params: readonly unknown[]) => {
  const before = chain.cpuSeconds()
  const [row] = await chain.database.query<{ documents: string }>(sql, params)
  const committed = performance.now()
  const { at } = await chain.right(what)
  const documents = Number(row?.documents ?? 0)
  const seconds = (at - committed) / 1000
  return {
    documents,
    seconds: oneDecimal(seconds),
    documentsPerSecond: Math.round(documents / seconds),
    cpuMsPerDocument: cpuPerChange(before, chain.cpuSeconds(), documents),
    load1: load1(),
  }
}

const manyUpdates = (chain: BenchChain, { updates }: Sizes) =>
  oneStatement(
    chain,
    'one transaction',
    `with changed as (
       update annotation set metadata = '{"occluded": true}', annotation_class = 'bus'
       where id in (select id from annotation order by md5(id::text) limit $1) returning image_id
     ) select count(distinct image_id) as documents from changed`,
    [updates],
  )

const rename = (chain: BenchChain) =>
  oneStatement(
    chain,
    'rename of a slice',
    `with changed as (update slice set name = 'renamed' where id = 1 returning id)
     select count(*) as documents from slice_image where slice_id in (select id from changed)`,
    [],
  )

const readSizes = (): Sizes | undefined => {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    options: { images: text, seconds: text, updates: text, help: { type: 'boolean' } },
  })
  if (values.help === true) return undefined
  const images = Number(values.images ?? 20_000)
  const sizes = { images, seconds: Number(values.seconds ?? 20), updates: Number(values.updates ?? images) }
  for (const [name, value] of Object.entries(sizes))
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number above 0`)
  return sizes
}

const run = async (sizes: Sizes): Promise<void> => {
  const chain = await startBenchChain('throughput', workloadSql(sizes.images))
  try {
    const phase = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      note(`${name} ...`)
      const result = await work()
      note(`${name}: ${JSON.stringify(result)}`)
      return result
    }
    const result = {
      bench: 'throughput',
      sizes,
      firstLoad: await phase('first load', () => firstLoad(chain, sizes)),
      singleRows: await phase('single-row commits', () => sustained(chain, sizes)),
      oneTransaction: await phase('one transaction', () => manyUpdates(chain, sizes)),
      rename: await phase('rename of a slice that has all images', () => rename(chain)),
      peakMiB: chain.peakMiB(),
      node: process.version,
    }
    process.stdout.write(`${JSON.stringify(result)}\n`)
  } finally {
    await chain.stop()
  }
}

try {
  const sizes = readSizes()
  if (sizes === undefined) process.stdout.write(HELP)
  else await run(sizes)
} catch (error) {
  note(error instanceof Error ? error.message : String(error))
  process.exitCode = error instanceof TypeError ? 64 : 1
}

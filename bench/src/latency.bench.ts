import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type BenchChain, cpuPerChange, note, startBenchChain } from './bench-chain.ts'
import { quantile } from './process-cpu.ts'
import { workloadSql } from './workload-sql.ts'

const HELP = `npm run bench -- latency [COMMITS_PER_SECOND ...] (default 5 50 200 500)

Commit in Postgres to visible by a read by key through the search API: one image of 5 annotations and 2 slices is changed
per commit, five commits per second are looked for. Standard output: one JSON object. Uses the servers that the
environment names, else starts its own.

  --seconds N    per rate (default 15)
`

/** Changes looked for per second: looking for all of them would be the larger part of the load. */
const LOOKS_PER_SECOND = 5
const GIVE_UP_MS = 60_000

/** Ms from now until the document shows the width. Asks less and less often: one that comes late must not be kept away by asking. */
const seenAfter = async (chain: BenchChain, id: number, width: number): Promise<number> => {
  const committed = performance.now()
  for (;;) {
    const document = await chain.documentOf(id)
    const waited = performance.now() - committed
    if (document?.['width'] === width) return waited
    if (waited > GIVE_UP_MS) throw new Error(`image ${id} was not in the index after ${GIVE_UP_MS / 1000} s`)
    await delay(Math.max(8, waited / 10))
  }
}

/** Latencies in ms, sorted. */
const measure = async (
  chain: BenchChain,
  rate: number,
  seconds: number,
  width: number,
): Promise<number[]> => {
  const latencies: number[] = []
  const every = Math.max(1, Math.round(rate / LOOKS_PER_SECOND))
  const one = async (id: number): Promise<void> => {
    await chain.database.query('update image set width = $2 where id = $1', [id, width])
    if (id % every === 0) latencies.push(await seenAfter(chain, id, width))
  }
  const began = performance.now()
  const all: Promise<void>[] = []
  for (let id = 1; id <= rate * seconds; id++) {
    const wait = began + (id * 1000) / rate - performance.now()
    if (wait > 0) await delay(wait)
    all.push(one(id))
  }
  await Promise.all(all)
  return latencies.sort((a, b) => a - b)
}

const measureRate = async (chain: BenchChain, rate: number, seconds: number, width: number) => {
  const commits = rate * seconds
  const before = chain.cpuSeconds()
  const latencies = await measure(chain, rate, seconds, width)
  const after = chain.cpuSeconds()
  await chain.right(`${rate} commits per second`)
  return {
    rate,
    commits,
    n: latencies.length,
    p50Ms: quantile(latencies, 0.5),
    p90Ms: quantile(latencies, 0.9),
    p99Ms: quantile(latencies, 0.99),
    cpuMsPerChange: cpuPerChange(before, after, commits),
    load1: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  }
}

const run = async (rates: readonly number[], seconds: number): Promise<void> => {
  // every commit changes another image
  const chain = await startBenchChain('latency', workloadSql(Math.max(...rates) * seconds))
  try {
    await chain.right('first load')
    const results: object[] = []
    for (const [at, rate] of rates.entries()) {
      results.push(await measureRate(chain, rate, seconds, 10_000 + at))
      note(JSON.stringify(results.at(-1)))
    }
    process.stdout.write(
      `${JSON.stringify({ bench: 'latency', what: 'commit to visible by read by key', results, peakMiB: chain.peakMiB() })}\n`,
    )
  } finally {
    await chain.stop()
  }
}

try {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: 'string', default: '15' }, help: { type: 'boolean' } },
    allowPositionals: true,
  })
  const rates = positionals.length > 0 ? positionals.map(Number) : [5, 50, 200, 500]
  const numbers = [...rates, Number(values.seconds)]
  if (values.help === true) process.stdout.write(HELP)
  else if (numbers.every(number => Number.isInteger(number) && number > 0))
    await run(rates, Number(values.seconds))
  else throw new TypeError('rates and --seconds are whole numbers above 0')
} catch (error) {
  note(error instanceof Error ? error.message : String(error))
  process.exitCode = error instanceof TypeError ? 64 : 1
}

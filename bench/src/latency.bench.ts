import { loadavg } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { copyPipeline, TABLE_FILES } from '@headrace/example-image-search'
import { type DevState, openDatabase, startDev, waitFor } from '@headrace/testkit'
import { quantile, usageOf } from './process-cpu.ts'

/*
 * Commit in Postgres to visible by realtime GET of the search API, one image of 5 annotations changed per
 * commit, five commits per second looked for:
 * `npm run bench -- latency [COMMITS_PER_SECOND ...]` (default 5 50 200). The last line is JSON.
 */
const SECONDS = 15
/** Changes looked for per second: looking for all of them would be the larger part of the load. */
const LOOKS_PER_SECOND = 5
const rates = process.argv.slice(2).map(Number)
const note = (text: string): void => void process.stderr.write(`${text}\n`)

type Database = ReturnType<typeof openDatabase>

const fill = async (database: Database, images: number): Promise<void> => {
  await database.query(`insert into dataset (id, name) values (1, 'bench') on conflict do nothing`)
  await database.query(
    `insert into image (id, key, dataset_id, width, height, metadata) select i, 'k' || i, 1, 640, 480, '{}' from generate_series(1, $1::int) i on conflict do nothing`,
    [images],
  )
  await database.query(
    `insert into annotation (id, image_id, annotation_class, annotation_type) select i * 10 + j, i, 'car', 'box' from generate_series(1, $1::int) i, generate_series(1, 5) j on conflict do nothing`,
    [images],
  )
}

const documentOf = async (
  { search, views }: DevState,
  id: number,
): Promise<Record<string, unknown> | undefined> => {
  const answer = await fetch(`${search}/v1/views/${views[0]?.name ?? ''}/documents/${id}`)
  if (!answer.ok) return undefined
  return ((await answer.json()) as { document: Record<string, unknown> }).document
}

/** Latencies in ms, sorted. */
const measure = async (
  ready: DevState,
  database: Database,
  rate: number,
  width: number,
): Promise<number[]> => {
  const latencies: number[] = []
  const every = Math.max(1, Math.round(rate / LOOKS_PER_SECOND))
  const one = async (id: number): Promise<void> => {
    await database.query('update image set width = $2 where id = $1', [id, width])
    const committed = performance.now()
    if (id % every !== 0) return
    await waitFor(async () => (await documentOf(ready, id))?.['width'] === width, {
      what: `image ${id}`,
      everyMs: 8,
      timeoutMs: 60_000,
    })
    latencies.push(performance.now() - committed)
  }
  const began = performance.now()
  const all: Promise<void>[] = []
  for (let id = 1; id <= rate * SECONDS; id++) {
    const wait = began + (id * 1000) / rate - performance.now()
    if (wait > 0) await delay(wait)
    all.push(one(id))
  }
  await Promise.all(all)
  return latencies.sort((a, b) => a - b)
}

const usage = (ready: DevState): Record<string, { cpuSeconds: number; residentMiB: number }> =>
  Object.fromEntries(Object.entries(ready.services).map(([name, { pid }]) => [name, usageOf(pid ?? 0)]))

const cpuPerThousand = (
  before: ReturnType<typeof usage>,
  after: ReturnType<typeof usage>,
  commits: number,
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(after).map(([name, { cpuSeconds }]) => [
      name,
      Math.round(((cpuSeconds - (before[name]?.cpuSeconds ?? 0)) / commits) * 1e6) / 1000,
    ]),
  )

const copy = copyPipeline('bench-latency')
const dev = startDev({ pipelineDir: copy.dir, args: TABLE_FILES.flatMap(file => ['--init', file]), note })
try {
  const ready = await dev.ready
  const database = openDatabase(ready.postgres)
  const results: object[] = []
  for (const [index, rate] of (rates.length > 0 ? rates : [5, 50, 200]).entries()) {
    await fill(database, rate * SECONDS)
    await waitFor(
      async () => {
        const annotations = (await documentOf(ready, rate * SECONDS))?.['annotations']
        return Array.isArray(annotations) && annotations.length === 5
      },
      { what: 'the rows to be indexed', timeoutMs: 120_000 },
    )
    const before = usage(ready)
    const latencies = await measure(ready, database, rate, 1000 + index)
    const after = usage(ready)
    results.push({
      rate,
      commits: rate * SECONDS,
      n: latencies.length,
      p50Ms: quantile(latencies, 0.5),
      p90Ms: quantile(latencies, 0.9),
      p99Ms: quantile(latencies, 0.99),
      cpuSecondsPer1000Commits: cpuPerThousand(before, after, rate * SECONDS),
      residentMiB: Object.fromEntries(Object.entries(after).map(([name, u]) => [name, u.residentMiB])),
      load1: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    })
    note(JSON.stringify(results.at(-1)))
  }
  await database.close()
  process.stdout.write(
    `${JSON.stringify({ bench: 'latency', what: 'commit to visible by realtime GET', results })}\n`,
  )
} finally {
  await dev.stop()
  copy.remove()
}

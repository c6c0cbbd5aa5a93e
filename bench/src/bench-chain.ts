import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { copyPipeline, expectedDocuments, TABLE_FILES } from '@headrace/example-image-search'
import {
  type Backends,
  backends,
  compareDocuments,
  createDatabase,
  type DevState,
  dropIndices,
  type OpenDatabase,
  openDatabase,
  readIndex,
  startDev,
  uniqueName,
} from '@headrace/testkit'
import { familyCpuSeconds, listenerOf, usageOf } from './process-cpu.ts'

/** Per process: the services by name, the servers, and the bench itself. */
export type PerProcess = Readonly<Record<string, number>>

/** image-search with all services on this machine. */
export interface BenchChain {
  readonly database: Pick<OpenDatabase, 'query' | 'pool'>
  /** When the services were started, and when capture began to load the tables, ms of performance.now. */
  readonly startedAt: number
  readonly loadBeganAt: number
  /** CPU seconds so far. */
  cpuSeconds(): PerProcess
  peakMiB(): PerProcess
  /** The document that a read by key finds, whatever searches see. */
  documentOf(id: number): Promise<Readonly<Record<string, unknown>> | undefined>
  /** Waits until the services have nothing more to do; when they did the last thing, ms of performance.now. */
  settled(): Promise<number>
  /** Settled, and every document is what SQL says; throws when it stays otherwise. */
  right(what: string): Promise<{ readonly documents: number; readonly at: number }>
  stop(): Promise<void>
}

export const note = (text: string): void => void process.stderr.write(`${text}\n`)

const QUIET_MS = 1_500
const LOOK_EVERY_MS = 100
const GIVE_UP_MS = 120_000

const givenServers = (): Backends | undefined => {
  try {
    const { postgresUrl, kafkaBrokers, elasticsearchUrl } = backends()
    return { postgresUrl, kafkaBrokers, elasticsearchUrl }
  } catch {
    return undefined
  }
}

const portOf = (address: string): number => Number(/:(\d+)(\/|$)/.exec(address)?.[1] ?? 0)

const serverPids = ({ postgres, kafka, elasticsearch }: DevState) => ({
  postgres: listenerOf(portOf(postgres)),
  kafka: listenerOf(portOf(kafka[0] ?? '')),
  elasticsearch: listenerOf(portOf(elasticsearch)),
})

/** Documents that the indexer has taken, and what the services say they still have to do. */
const readProgress = async ({
  services,
}: DevState): Promise<{ readonly done: number; readonly waiting: number }> => {
  let [done, waiting] = [0, 0]
  for (const [name, { url }] of Object.entries(services)) {
    const text = await (await fetch(`${url}/metrics`)).text()
    for (const [, metric = '', value] of text.matchAll(/^headrace_(\w+)(?:\{.*\})? (\S+)$/gm)) {
      if (metric === 'indexer_documents_total') done += Number(value)
      if (metric === `${name}_lag_records` || metric === 'aggregator_dirty_documents')
        waiting += Number(value)
    }
  }
  return { done, waiting }
}

const watchChain = (ready: DevState, database: BenchChain['database']) => {
  const view = ready.views[0]?.name ?? ''
  let [last, changedAt] = [-1, performance.now()]
  const settled = async (): Promise<number> => {
    for (const called = performance.now(); ;) {
      const { done, waiting } = await readProgress(ready)
      const now = performance.now()
      if (done !== last || waiting > 0) [last, changedAt] = [done, now]
      if (now - Math.max(called, changedAt) > QUIET_MS) return changedAt
      await delay(LOOK_EVERY_MS)
    }
  }
  const right = async (what: string) => {
    for (const giveUp = performance.now() + GIVE_UP_MS; ;) {
      const at = await settled()
      const expected = await expectedDocuments(database)
      const differences = compareDocuments(expected, await readIndex(ready.elasticsearch, view))
      if (differences.length === 0) return { documents: expected.size, at }
      note(`  ${differences.length} of ${expected.size} documents are not right yet`)
      if (performance.now() > giveUp)
        throw new Error(
          `${what}: ${differences.length} documents stay wrong, ${differences[0]?.detail ?? ''}`,
        )
    }
  }
  const documentOf = async (id: number): Promise<Readonly<Record<string, unknown>> | undefined> => {
    const answer = await fetch(`${ready.search}/v1/views/${view}/documents/${id}`)
    const body = (await answer.json()) as { readonly document?: Readonly<Record<string, unknown>> }
    return answer.ok ? body.document : undefined
  }
  return { settled, right, documentOf }
}

const watchProcesses = (ready: DevState) => {
  const servers = serverPids(ready)
  const single = Object.entries({
    ...Object.fromEntries(Object.entries(ready.services).map(([name, { pid }]) => [name, pid])),
    kafka: servers.kafka,
    elasticsearch: servers.elasticsearch,
    bench: process.pid,
  }).flatMap(([name, pid]): [string, number][] => (pid === undefined ? [] : [[name, pid]]))
  return {
    cpuSeconds: (): PerProcess => ({
      ...Object.fromEntries(single.map(([name, pid]) => [name, usageOf(pid).cpuSeconds])),
      ...(servers.postgres === undefined ? {} : { postgres: familyCpuSeconds(servers.postgres) }),
    }),
    peakMiB: (): PerProcess => Object.fromEntries(single.map(([name, pid]) => [name, usageOf(pid).peakMiB])),
  }
}

const LOAD_BEGINS = /"time":"([^"]+)".*"loading all tables"/

const loadBegan = ({ services }: DevState): number => {
  const found = LOAD_BEGINS.exec(readFileSync(services['capture']?.logFile ?? '', 'utf8'))
  return Date.parse(found?.[1] ?? '') - performance.timeOrigin
}

/** CPU ms of each process per change, and of the services and Kafka together. */
export const cpuPerChange = (before: PerProcess, after: PerProcess, changes: number): PerProcess => {
  const rounded = (ms: number): number => Math.round(ms * 1000) / 1000
  const each = Object.entries(after).map(([name, seconds]): [string, number] => [
    name,
    ((seconds - (before[name] ?? 0)) / changes) * 1000,
  ])
  const others = new Set(['bench', 'elasticsearch', 'postgres'])
  const ours = each.filter(([name]) => !others.has(name)).reduce((sum, [, ms]) => sum + ms, 0)
  return {
    ...Object.fromEntries(each.map(([name, ms]) => [name, rounded(ms)])),
    servicesAndKafka: rounded(ours),
  }
}

/**
 * Makes the tables, runs `sql` in them, and starts the services: on the servers that the environment names, else on its own.
 * Whatever it made is gone after `stop`.
 */
export const startBenchChain = async (name: string, sql: string): Promise<BenchChain> => {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-bench-'))
  const file = join(folder, 'data.sql')
  writeFileSync(file, sql)
  const copy = copyPipeline(uniqueName(`bench-${name}`).slice(-24).replace(/^-+/, ''))
  const servers = givenServers()
  const given = servers === undefined ? undefined : await createDatabase(`bench_${name}`)
  let startedAt = 0
  const dev = startDev({
    pipelineDir: copy.dir,
    args: [
      ...[...TABLE_FILES, file].flatMap(each => ['--init', each]),
      ...(given === undefined ? [] : ['--postgres', given.url]),
    ],
    note: text => {
      note(text)
      // the last step before the services are started
      if (/topics (made|are there)/.test(text)) startedAt = performance.now()
    },
  })
  const cleanUp = async (): Promise<void> => {
    await dev.stop()
    await given?.drop()
    if (servers !== undefined) await dropIndices(servers.elasticsearchUrl, copy.view)
    copy.remove()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const ready = await dev.ready
    const own = given === undefined ? openDatabase(ready.postgres) : undefined
    const database = given ?? own!
    const stop = async (): Promise<void> => {
      await own?.close()
      await cleanUp()
    }
    const loadBeganAt = loadBegan(ready)
    return {
      database,
      startedAt,
      loadBeganAt,
      ...watchChain(ready, database),
      ...watchProcesses(ready),
      stop,
    }
  } catch (error) {
    await cleanUp()
    throw error
  }
}

import {
  type Backends,
  backends,
  type Comparison,
  copyPipeline,
  createDatabase,
  type DevProcess,
  type DevState,
  dropIndices,
  seededRandom,
  startDev,
  type TestDatabase,
  uniqueName,
  waitUntilEqual,
} from '@headrace/testkit'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Example } from './examples.ts'

export interface ChainOptions {
  /** Begins the names of what the test makes. */
  readonly prefix: string
  /** Size of what is there before capture's first load (images, customers). */
  readonly size: number
  /** Servers of the test's own; without them those of the test run. */
  readonly servers?: Backends
  /** More SQL files, run after the tables are filled and before the first load. */
  readonly initFiles?: readonly string[]
  /** Before `headrace dev` is started; the database is empty. */
  readonly beforeStart?: (database: TestDatabase) => Promise<void>
}

/** `headrace dev` with a database, pipeline and views of its own, on servers that others use too. */
export interface Chain<Rows> {
  readonly dev: DevProcess
  readonly ready: DevState
  readonly pipelineDir: string
  readonly database: TestDatabase
  readonly servers: Backends
  /** What was there before the first load. */
  readonly rows: Rows
  readonly datasets: readonly string[]
  /** Paths of the lists of a view, by its name here. */
  edges(view: string): readonly string[]
  /** Name that a view of the example has here. */
  view(name: string): string
  /** Every document of a view, by default the first, against hand-written SQL, until all are equal or nothing moves. */
  waitUntilEqual(view?: string): Promise<Comparison>
  /** Stops dev as Ctrl-C does, then removes what the test made; gives dev's exit status. */
  stop(): Promise<number | null>
}

export const DEV_START_MS = 600_000
/** The longest time in which nothing moves: a killed member's session ends, its successor restores, all on a busy machine. */
const STALLED_MS = 180_000

const writeSql = (sql: string): { readonly file: string; remove(): void } => {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-e2e-'))
  const file = join(folder, 'data.sql')
  writeFileSync(file, sql)
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

const devArguments = (servers: Backends, database: TestDatabase, initFiles: readonly string[]): string[] => [
  ...['--postgres', database.url],
  ...['--kafka', servers.kafkaBrokers.join(',')],
  ...['--elasticsearch', servers.elasticsearchUrl],
  ...initFiles.flatMap(file => ['--init', file]),
]

/** Starts the whole chain on an example's tables and views. */
export const startChain = async <Rows>(
  example: Example<Rows>,
  options: ChainOptions,
): Promise<Chain<Rows>> => {
  const { prefix, size, servers = backends(), initFiles = [] } = options
  const copy = copyPipeline(example.pipelineFolder, uniqueName(prefix).slice(-24).replace(/^-+/, ''))
  const database = await createDatabase(`e2e_${prefix}`, servers.postgresUrl)
  const rows = example.makeRows(seededRandom(size), size)
  const data = writeSql(size === 0 ? 'select 1' : example.toSql(rows))
  const said: string[] = []
  await options.beforeStart?.(database)
  const dev = startDev({
    pipelineDir: copy.dir,
    args: devArguments(servers, database, [...example.schemaFiles, data.file, ...initFiles]),
    note: text => said.push(text),
  })
  const stop = async (): Promise<number | null> => {
    const status = await dev.stop()
    await database.drop()
    for (const view of example.views) await dropIndices(servers.elasticsearchUrl, copy.view(view))
    copy.remove()
    data.remove()
    return status
  }
  try {
    const ready = await dev.ready
    return {
      dev,
      ready,
      pipelineDir: copy.dir,
      database,
      servers,
      rows,
      datasets: example.datasets,
      edges: name => example.edges[example.views.find(view => copy.view(view) === name) ?? ''] ?? [],
      view: copy.view,
      waitUntilEqual: (view = example.views[0] ?? '') =>
        waitUntilEqual({
          expected: () => example.expected(database, view),
          elasticsearchUrl: servers.elasticsearchUrl,
          view: copy.view(view),
          stalledMs: STALLED_MS,
        }),
      stop,
    }
  } catch (error) {
    await stop()
    throw new Error(`headrace dev did not start. It said:\n${said.join('\n')}`, { cause: error })
  }
}

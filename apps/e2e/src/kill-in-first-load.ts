import { type DevState, type KafkaOffsets, type TestDatabase, waitFor } from '@headrace/testkit'
import { topicNames } from '@headrace/wire'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { imageSearch } from './examples.ts'

export interface KillInFirstLoadOptions {
  readonly database: TestDatabase
  readonly kafka: KafkaOffsets
  /** Rows that the load has to bring. */
  readonly rows: number
  /** Done while capture is frozen in the middle, and before it is killed. */
  readonly meanwhile: () => Promise<unknown>
}

const PARTITIONS = 4
/** Beyond the markers that the topics begin with. */
const SOME_ROWS = 500

/** Where `headrace dev` keeps its folders. */
const STATE_HOME = process.env['XDG_STATE_HOME'] ?? join(tmpdir(), 'headrace-state')

/** The state of the dev that works on this database, before it says that it is ready. */
const readState = (database: TestDatabase): DevState | undefined => {
  const home = join(STATE_HOME, 'headrace')
  for (const name of existsSync(home) ? readdirSync(home) : []) {
    const file = join(home, name, 'state.json')
    if (!existsSync(file)) continue
    const state = JSON.parse(readFileSync(file, 'utf8')) as DevState
    if (state.postgres.endsWith(`/${database.name}`)) return state
  }
  return undefined
}

const committedRows = async ({ pipeline }: DevState, kafka: KafkaOffsets): Promise<number> => {
  const topics = topicNames(pipeline)
  let rows = 0
  for (const dataset of imageSearch.datasets)
    for (const { stable } of await kafka.ends(topics.raw(dataset), PARTITIONS)) rows += Number(stable)
  return rows
}

/** SIGKILL to capture when some, but not all rows of its first load are in Kafka; gives how many were, seen from outside. */
export const killInFirstLoad = ({
  database,
  kafka,
  rows,
  meanwhile,
}: KillInFirstLoadOptions): Promise<number> => {
  const look = async (): Promise<number | undefined> => {
    const state = readState(database)
    const pid = state?.services['capture']?.pid
    if (state === undefined || pid === undefined) return undefined
    process.kill(pid, 'SIGSTOP')
    let signal: NodeJS.Signals = 'SIGCONT'
    try {
      const committed = await committedRows(state, kafka)
      if (committed < SOME_ROWS) return undefined
      signal = 'SIGKILL'
      if (committed < rows) await meanwhile()
      return committed
    } finally {
      process.kill(pid, signal)
    }
  }
  return waitFor(look, { what: 'a first load under way', timeoutMs: 120_000, everyMs: 4 })
}

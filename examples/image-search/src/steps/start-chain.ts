import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createDatabase,
  type DevProcess,
  type DevState,
  dropIndices,
  openDatabase,
  startDev,
  uniqueName,
} from '@headrace/testkit'
import type { DemoConfig } from '../config.ts'
import { datasetSql } from '../data/dataset-sql.ts'
import type { Dataset } from '../data/dataset-rows.ts'
import type { Queryable } from '../oracle/expected-documents.ts'
import { copyPipeline, PIPELINE_FOLDER, TABLE_FILES, VIEW } from '../pipeline-copy.ts'
import type { Screen } from '../screen/screen.ts'

export interface Chain {
  readonly state: DevState
  readonly dev: DevProcess
  readonly database: Queryable
  readonly view: string
}

export interface Stopper {
  /** Runs at the end, last added first. */
  add(stop: () => Promise<unknown> | void): void
}

const EXAMPLE = { dir: PIPELINE_FOLDER, view: VIEW }

/** A pipeline of its own where others use the servers too, the example's as it is otherwise. */
const pipelineFor = (
  { postgresUrl, kafkaBrokers, elasticsearchUrl }: DemoConfig,
  stopper: Stopper,
): { dir: string; view: string } => {
  if (postgresUrl === undefined && kafkaBrokers === undefined && elasticsearchUrl === undefined)
    return EXAMPLE
  const copy = copyPipeline(uniqueName('demo').slice(-13))
  stopper.add(() => copy.remove())
  if (elasticsearchUrl !== undefined) stopper.add(() => dropIndices(elasticsearchUrl, copy.view))
  return copy
}

const sqlFile = (dataset: Dataset, stopper: Stopper): string => {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-demo-'))
  stopper.add(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'data.sql')
  writeFileSync(file, datasetSql(dataset))
  return file
}

/**
 * `headrace dev` with the example's tables filled before capture starts, so that its first load reads them. Servers that the
 * environment names are used by others too: there the demo has a database, pipeline and view of its own.
 */
export const startChain = async (
  config: DemoConfig,
  dataset: Dataset,
  screen: Screen,
  stopper: Stopper,
): Promise<Chain> => {
  const { dir, view } = pipelineFor(config, stopper)
  const data = sqlFile(dataset, stopper)
  const own =
    config.postgresUrl === undefined ? undefined : await createDatabase('headrace_demo', config.postgresUrl)
  if (own !== undefined) stopper.add(() => own.drop())
  const dev = startDev({
    pipelineDir: dir,
    args: [
      ...[...TABLE_FILES, data].flatMap(file => ['--init', file]),
      ...(own === undefined ? [] : ['--postgres', own.url]),
    ],
    env: config.env,
    note: text => screen.note(text),
  })
  stopper.add(() => dev.stop())
  const state = await dev.ready
  if (own !== undefined) return { state, dev, database: own, view }
  const database = openDatabase(state.postgres)
  stopper.add(() => database.close())
  return { state, dev, database, view }
}

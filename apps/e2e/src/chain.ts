import {
  copyPipeline,
  type Dataset,
  datasetSql,
  makeDataset,
  SCHEMA_FILE,
  SearchClient,
} from '@headrace/example-image-search'
import {
  backends,
  createDatabase,
  type DevProcess,
  type DevState,
  dropIndices,
  seededRandom,
  startDev,
  type TestDatabase,
  uniqueName,
} from '@headrace/testkit'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** `headrace dev` on the test run's servers, with a database, pipeline and view of its own. */
export interface Chain {
  readonly dev: DevProcess
  readonly ready: DevState
  readonly database: TestDatabase
  readonly dataset: Dataset
  readonly search: SearchClient
  readonly elasticsearchUrl: string
  readonly view: string
  /** Stops dev as Ctrl-C does, then removes what the test made; gives dev's exit status. */
  stop(): Promise<number | null>
}

export const DEV_START_MS = 180_000

const writeData = (dataset: Dataset): { readonly file: string; remove(): void } => {
  const folder = mkdtempSync(join(tmpdir(), 'headrace-e2e-'))
  const file = join(folder, 'data.sql')
  writeFileSync(file, dataset.images.length === 0 ? 'select 1' : datasetSql(dataset))
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Starts the chain with this many images before capture's first load. */
export const startChain = async (prefix: string, images: number): Promise<Chain> => {
  const { elasticsearchUrl } = backends()
  const copy = copyPipeline(uniqueName(prefix).slice(-24).replace(/^-+/, ''))
  const database = await createDatabase(`e2e_${prefix}`)
  const dataset = makeDataset(seededRandom(images), images)
  const data = writeData(dataset)
  const said: string[] = []
  const dev = startDev({
    pipelineDir: copy.dir,
    args: ['--init', SCHEMA_FILE, '--init', data.file, '--postgres', database.url],
    note: text => said.push(text),
  })
  const stop = async (): Promise<number | null> => {
    const status = await dev.stop()
    await database.drop()
    await dropIndices(elasticsearchUrl, copy.view)
    copy.remove()
    data.remove()
    return status
  }
  try {
    const ready = await dev.ready
    return {
      dev,
      ready,
      database,
      dataset,
      search: new SearchClient(ready.search, copy.view),
      elasticsearchUrl,
      view: copy.view,
      stop,
    }
  } catch (error) {
    await stop()
    throw new Error(`headrace dev did not start. It said:\n${said.join('\n')}`, { cause: error })
  }
}

import { type DevState, startDev, uniqueName } from '@headrace/testkit'
import type { DemoConfig } from '../config.ts'
import { copyPipeline, PIPELINE_FOLDER, VIEW } from '../pipeline-copy.ts'
import type { Screen } from '../screen/screen.ts'
import { removePipeline } from './remove-pipeline.ts'
import type { Stopper } from './stopper.ts'

export interface Chain {
  readonly state: DevState
  readonly view: string
}

const EXAMPLE = { dir: PIPELINE_FOLDER, view: VIEW }

/** A pipeline of its own where others use the servers too, the example's as it is otherwise. */
const pipelineFor = (
  config: DemoConfig,
  databaseUrl: string,
  stopper: Stopper,
): { dir: string; view: string } => {
  const { postgresUrl, kafkaBrokers, elasticsearchUrl } = config
  if (postgresUrl === undefined && kafkaBrokers === undefined && elasticsearchUrl === undefined)
    return EXAMPLE
  const copy = copyPipeline(uniqueName('demo').slice(-13))
  stopper.add(() => copy.remove())
  stopper.add(() => removePipeline(copy.dir, databaseUrl, config))
  return copy
}

/** `headrace dev` on the application's database: Kafka and Elasticsearch, unless the environment names them, and all services. */
export const startChain = async (
  config: DemoConfig,
  databaseUrl: string,
  screen: Screen,
  stopper: Stopper,
): Promise<Chain> => {
  const { dir, view } = pipelineFor(config, databaseUrl, stopper)
  const dev = startDev({
    pipelineDir: dir,
    args: ['--postgres', databaseUrl],
    env: config.env,
    note: text => screen.note(text),
  })
  stopper.add(() => dev.stop())
  return { state: await dev.ready, view }
}

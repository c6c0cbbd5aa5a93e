import { join } from 'node:path'

/** The services `headrace dev` runs, in the direction in which data flows. */
export const SERVICE_NAMES = ['capture', 'validator', 'aggregator', 'indexer', 'search'] as const

export type ServiceName = (typeof SERVICE_NAMES)[number]

/** How a service is started. */
export interface ServiceSpec {
  readonly name: ServiceName
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly port: number
  readonly logFile: string
}

export interface ServiceSurroundings {
  /** Folder of the workspace: services run from their sources. */
  readonly root: string
  readonly pipelineDir: string
  readonly folder: string
  readonly postgresUrl: string
  readonly kafkaBrokers: readonly string[]
  readonly elasticsearchUrl: string
  readonly logLevel: string
  readonly ports: Readonly<Record<ServiceName, number>>
  /** Environment of this process, from which children inherit. */
  readonly inherited: Readonly<Record<string, string | undefined>>
}

/** Specs of all services (env names: BRIEF of each service's config.ts). Pure. */
export const serviceSpecs = (around: ServiceSurroundings): readonly ServiceSpec[] =>
  SERVICE_NAMES.map(name => ({
    name,
    command: process.execPath,
    args: [
      '--conditions=@headrace/source',
      '--disable-warning=ExperimentalWarning',
      `--import=${join(import.meta.dirname, 'end-with-parent.ts')}`,
      join(around.root, 'apps', name, 'src', 'main.ts'),
    ],
    env: {
      ...around.inherited,
      HEADRACE_PIPELINE: around.pipelineDir,
      HEADRACE_POSTGRES_URL: around.postgresUrl,
      HEADRACE_KAFKA_BROKERS: around.kafkaBrokers.join(','),
      HEADRACE_ELASTICSEARCH_URL: around.elasticsearchUrl,
      HEADRACE_HTTP_PORT: String(around.ports[name]),
      HEADRACE_INSTANCE: `${name}-0`,
      HEADRACE_LOG_LEVEL: around.logLevel,
      HEADRACE_DATA_DIR: join(around.folder, 'data', name),
    },
    port: around.ports[name],
    logFile: join(around.folder, 'logs', `${name}.log`),
  }))

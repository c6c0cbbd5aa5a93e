import type { Stack } from '@headrace/local-stack'
import type { CliConfig } from '../config.ts'

/** Addresses of the three servers, and how to stop those that were started here. */
export interface Backends {
  readonly postgresUrl: string
  readonly kafkaBrokers: readonly string[]
  readonly elasticsearchUrl: string
  /** Names of those that were started here. */
  readonly started: readonly string[]
  stop(): Promise<void>
}

export interface BackendOptions {
  readonly postgres?: string | undefined
  readonly kafka?: string | undefined
  readonly elasticsearch?: string | undefined
}

type Missing = 'postgres' | 'kafka' | 'elasticsearch'

/** Starts what has no address, with data that goes when it stops, even when this process is killed. */
export const startBackends = async (
  options: BackendOptions,
  config: CliConfig,
  surroundings: { readonly name: string; readonly say: (text: string) => void; readonly signal: AbortSignal },
): Promise<Backends> => {
  const postgresUrl = options.postgres ?? config.postgresUrl?.reveal()
  const kafkaBrokers = options.kafka?.split(',') ?? config.kafkaBrokers
  const elasticsearchUrl = options.elasticsearch ?? config.elasticsearchUrl
  const missing: Missing[] = []
  if (postgresUrl === undefined) missing.push('postgres')
  if (kafkaBrokers === undefined) missing.push('kafka')
  if (elasticsearchUrl === undefined) missing.push('elasticsearch')
  const stack = missing.length === 0 ? undefined : await startMissing(missing, surroundings)
  return {
    postgresUrl: postgresUrl ?? stack!.postgresUrl,
    kafkaBrokers: kafkaBrokers ?? stack!.kafkaBrokers,
    elasticsearchUrl: (elasticsearchUrl ?? stack!.elasticsearchUrl).replace(/\/+$/, ''),
    started: missing,
    stop: async () => stack?.stop(),
  }
}

const startMissing = async (
  services: readonly Missing[],
  {
    name,
    say,
    signal,
  }: { readonly name: string; readonly say: (text: string) => void; readonly signal: AbortSignal },
): Promise<Stack> => {
  // only where it is needed: a command line against given servers needs no Java and no downloads
  const { startStack } = await import('@headrace/local-stack')
  return startStack({
    name: `dev-${name}`,
    services,
    ephemeral: true,
    progress: (subject, line) => say(`${subject}: ${line}`),
    signal,
  })
}

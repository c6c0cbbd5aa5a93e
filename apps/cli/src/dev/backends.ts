import type { Stack } from '@headrace/local-stack'
import { Elasticsearch } from '@headrace/elasticsearch'
import { connect, describeAddress } from '@headrace/postgres'
import { elasticsearchUrlOf } from '../commands/view.ts'
import { connectKafka } from '../connect-kafka.ts'
import type { Context } from '../output.ts'

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

interface Given {
  readonly postgresUrl: string | undefined
  readonly kafkaBrokers: readonly string[] | undefined
  readonly elasticsearchUrl: string | undefined
}

const tryPostgres = async (url: string): Promise<string> => {
  const session = await connect({ url, applicationName: 'headrace-dev' })
  await session.stop()
  return `Postgres at ${describeAddress({ url })} answers`
}

const tryKafka = async (context: Context, brokers: readonly string[]): Promise<string> => {
  const kafka = connectKafka(context, brokers)
  try {
    await kafka.admin.checkVersion()
    return `Kafka at ${brokers.join(',')} answers`
  } finally {
    await kafka.stop()
  }
}

const tryElasticsearch = async (url: string): Promise<string> => {
  const elasticsearch = new Elasticsearch({ url })
  try {
    return `Elasticsearch ${await elasticsearch.checkVersion()} at ${new URL(url).host} answers`
  } finally {
    await elasticsearch.close()
  }
}

/** A wrong address ends the command before it has made or started anything. */
const tryGiven = async (
  context: Context,
  { postgresUrl, kafkaBrokers, elasticsearchUrl }: Given,
  say: (text: string) => void,
): Promise<void> => {
  if (postgresUrl !== undefined) say(await tryPostgres(postgresUrl))
  if (elasticsearchUrl !== undefined) say(await tryElasticsearch(elasticsearchUrl))
  if (kafkaBrokers !== undefined) say(await tryKafka(context, kafkaBrokers))
}

type Missing = 'postgres' | 'kafka' | 'elasticsearch'

/** Starts what has no address, with data that goes when it stops, even when this process is killed. */
export const startBackends = async (
  options: BackendOptions,
  context: Context,
  surroundings: { readonly name: string; readonly say: (text: string) => void; readonly signal: AbortSignal },
): Promise<Backends> => {
  const { config } = context
  const postgresUrl = options.postgres ?? config.postgresUrl?.reveal()
  const kafkaBrokers = options.kafka?.split(',').map(part => part.trim()) ?? config.kafkaBrokers
  const elasticsearch = options.elasticsearch ?? config.elasticsearchUrl
  const elasticsearchUrl = elasticsearch === undefined ? undefined : elasticsearchUrlOf(elasticsearch, config)
  await tryGiven(context, { postgresUrl, kafkaBrokers, elasticsearchUrl }, surroundings.say)
  const missing: Missing[] = []
  if (postgresUrl === undefined) missing.push('postgres')
  if (kafkaBrokers === undefined) missing.push('kafka')
  if (elasticsearchUrl === undefined) missing.push('elasticsearch')
  const stack = missing.length === 0 ? undefined : await startMissing(missing, surroundings)
  return {
    postgresUrl: postgresUrl ?? stack!.postgresUrl,
    kafkaBrokers: kafkaBrokers ?? stack!.kafkaBrokers,
    elasticsearchUrl: elasticsearchUrl ?? stack!.elasticsearchUrl,
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

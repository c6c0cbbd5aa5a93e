import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConfigOf, kafkaSettings, readConfig, settings } from '@headrace/runtime'

const { brokers, ...kafkaSecurity } = kafkaSettings

/** What the command takes from the environment; options on the command line win. */
export const declaration = {
  postgresUrl: settings.optional(
    settings.secret({ env: 'HEADRACE_POSTGRES_URL', description: 'Source database' }),
  ),
  ...kafkaSecurity,
  kafkaBrokers: settings.optional(brokers),
  elasticsearchUrl: settings.optional(
    settings.string({ env: 'HEADRACE_ELASTICSEARCH_URL', description: 'Elasticsearch address' }),
  ),
  searchUrl: settings.string({
    env: 'HEADRACE_SEARCH_URL',
    description: 'Address of the search service',
    default: 'http://127.0.0.1:9405',
  }),
  logLevel: settings.choice(['debug', 'info', 'warn', 'error'], {
    env: 'HEADRACE_LOG_LEVEL',
    description: 'What the services of `dev` log',
    default: 'info',
  }),
  stateHome: settings.path({
    env: 'XDG_STATE_HOME',
    description: 'Where `dev` keeps its folders (below headrace/)',
    default: join(tmpdir(), 'headrace-state'),
  }),
  noColor: settings.optional(settings.string({ env: 'NO_COLOR', description: 'No colours when set' })),
}

/** `inherited`: what child processes get besides their own settings. */
export interface CliConfig extends ConfigOf<typeof declaration> {
  readonly inherited: Readonly<Record<string, string | undefined>>
}

export const readCliConfig = (
  env: Readonly<Record<string, string | undefined>> = process.env,
): CliConfig => ({
  ...readConfig(declaration, env),
  inherited: env,
})

import type { ElasticsearchConnection } from '@headrace/elasticsearch'
import {
  type ConfigOf,
  type Declaration,
  kafkaSettings,
  readServiceConfig,
  settings,
} from '@headrace/runtime'

/** Everything that the indexer reads from its environment. */
export const declaration = {
  pipeline: settings.path({ env: 'HEADRACE_PIPELINE', description: 'Folder with pipeline.yaml.' }),
  views: settings.optional(
    settings.list({
      env: 'HEADRACE_VIEWS',
      description: 'Views to index; all of the pipeline when it is not set.',
    }),
  ),
  ...kafkaSettings,
  elasticsearch: settings.string({
    env: 'HEADRACE_ELASTICSEARCH_URL',
    description: 'Address of Elasticsearch.',
  }),
  username: settings.optional(
    settings.string({ env: 'HEADRACE_ELASTICSEARCH_USERNAME', description: 'User of Elasticsearch.' }),
  ),
  password: settings.optional(
    settings.secret({ env: 'HEADRACE_ELASTICSEARCH_PASSWORD', description: 'Password of that user.' }),
  ),
  apiKey: settings.optional(
    settings.secret({
      env: 'HEADRACE_ELASTICSEARCH_API_KEY',
      description: 'API key, instead of user and password.',
    }),
  ),
  ca: settings.optional(
    settings.secret({
      env: 'HEADRACE_ELASTICSEARCH_CA',
      description: 'Certificate authority (PEM) of Elasticsearch.',
    }),
  ),
  shards: settings.integer({
    env: 'HEADRACE_INDEX_SHARDS',
    description: 'Shards of a new index.',
    default: '1',
    min: 1,
    max: 1_024,
  }),
  replicas: settings.string({
    env: 'HEADRACE_INDEX_REPLICAS',
    description: 'Copies of a live index as index.auto_expand_replicas takes it.',
    default: '0-1',
  }),
  refreshInterval: settings.string({
    env: 'HEADRACE_INDEX_REFRESH_INTERVAL',
    description: 'How soon changes are found by searches.',
    default: '1s',
  }),
  gcDeletes: settings.string({
    env: 'HEADRACE_INDEX_GC_DELETES',
    description:
      'How long the version of a deleted document is remembered: longer than a stopped process may sleep with a request unsent.',
    default: '1d',
  }),
  httpPort: settings.integer({
    env: 'HEADRACE_HTTP_PORT',
    description: 'Port of probes and metrics.',
    default: '9404',
    max: 65_535,
  }),
  instance: settings.string({
    env: 'HEADRACE_INSTANCE',
    description: 'Stable name of this process.',
    default: 'indexer-0',
  }),
  logLevel: settings.choice(['debug', 'info', 'warn', 'error'], {
    env: 'HEADRACE_LOG_LEVEL',
    description: 'What is logged.',
    default: 'info',
  }),
} as const satisfies Declaration

export type Config = ConfigOf<typeof declaration>

export const config = (): Config => readServiceConfig('indexer', declaration, process.env)

/** How to reach Elasticsearch. */
export const elasticsearchOf = (config: Config): ElasticsearchConnection => ({
  url: config.elasticsearch,
  ...(config.username && { username: config.username }),
  ...(config.password && { password: config.password }),
  ...(config.apiKey && { apiKey: config.apiKey }),
  ...(config.ca && { ca: config.ca.reveal() }),
})

/** What a new index gets. */
export const indexSettingsOf = ({ shards, replicas, refreshInterval, gcDeletes }: Config) => ({
  shards,
  replicas,
  refreshInterval,
  gcDeletes,
})

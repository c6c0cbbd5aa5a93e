import type { ElasticsearchConnection } from '@headrace/elasticsearch'
import { type ConfigOf, type Declaration, readServiceConfig, settings } from '@headrace/runtime'

/** Everything that the search API reads from its environment. */
export const declaration = {
  pipeline: settings.path({ env: 'HEADRACE_PIPELINE', description: 'Folder with pipeline.yaml.' }),
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
  pageSize: settings.integer({
    env: 'HEADRACE_SEARCH_PAGE_SIZE',
    description: 'Largest page of hits.',
    default: '1000',
    min: 1,
    max: 10_000,
  }),
  depth: settings.integer({
    env: 'HEADRACE_SEARCH_DEPTH',
    description: 'Deepest nesting of a query.',
    default: '20',
    min: 1,
    max: 50,
  }),
  clauses: settings.integer({
    env: 'HEADRACE_SEARCH_CLAUSES',
    description: 'Most comparisons in a query.',
    default: '200',
    min: 1,
    max: 1_000,
  }),
  timeoutMs: settings.integer({
    env: 'HEADRACE_SEARCH_TIMEOUT_MS',
    description: 'Longest time for one search.',
    default: '10000',
    min: 10,
    max: 120_000,
  }),
  httpPort: settings.integer({
    env: 'HEADRACE_HTTP_PORT',
    description: 'Port of the API, probes and metrics.',
    default: '9405',
    max: 65_535,
  }),
  instance: settings.string({
    env: 'HEADRACE_INSTANCE',
    description: 'Name of this process, for the log.',
    default: 'search-0',
  }),
  logLevel: settings.choice(['debug', 'info', 'warn', 'error'], {
    env: 'HEADRACE_LOG_LEVEL',
    description: 'What is logged.',
    default: 'info',
  }),
} as const satisfies Declaration

export type Config = ConfigOf<typeof declaration>

export const config = (): Config => readServiceConfig('search', declaration, process.env)

/** How to reach Elasticsearch. */
export const elasticsearchOf = (config: Config): ElasticsearchConnection => ({
  url: config.elasticsearch,
  requestTimeoutMs: config.timeoutMs + 1_000,
  ...(config.username && { username: config.username }),
  ...(config.password && { password: config.password }),
  ...(config.apiKey && { apiKey: config.apiKey }),
  ...(config.ca && { ca: config.ca.reveal() }),
})

import { settings } from './config.ts'

/** What every service reads: its pipeline, its port, its name, its log. `port` is the service's default port. */
export const serviceSettings = (service: string, port: number) => ({
  pipeline: settings.path({ env: 'HEADRACE_PIPELINE', description: 'Folder with pipeline.yaml.' }),
  httpPort: settings.integer({
    env: 'HEADRACE_HTTP_PORT',
    description: 'Port of probes, metrics and API.',
    default: String(port),
    max: 65_535,
  }),
  instance: settings.string({
    env: 'HEADRACE_INSTANCE',
    description:
      'Stable name of this process: its transactional ids and its place in the group are made from it.',
    default: `${service}-0`,
  }),
  logLevel: settings.choice(['debug', 'info', 'warn', 'error'], {
    env: 'HEADRACE_LOG_LEVEL',
    description: 'What is logged.',
    default: 'info',
  }),
})

/** What services read that write to Kafka. */
export const writerSettings = {
  compression: settings.choice(['none', 'lz4', 'gzip'], {
    env: 'HEADRACE_KAFKA_COMPRESSION',
    description: 'Compression of what is written.',
    default: 'none',
  }),
  failpoints: settings.string({
    env: 'HEADRACE_FAILPOINTS',
    description: 'For tests: name=n kills the process there.',
    default: '-',
  }),
}

/** How services reach Elasticsearch; libs/elasticsearch makes its connection of the values (`elasticsearchConnection`). */
export const elasticsearchSettings = {
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
}

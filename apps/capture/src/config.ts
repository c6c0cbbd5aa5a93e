import {
  type ConfigOf,
  type Declaration,
  kafkaSettings,
  readServiceConfig,
  serviceSettings,
  settings,
  writerSettings,
} from '@headrace/runtime'

/** Everything that capture reads from its environment. */
export const declaration = {
  ...serviceSettings('capture', 9401),
  ...writerSettings,
  source: settings.optional(
    settings.string({
      env: 'HEADRACE_SOURCE',
      description: 'Name of the source to capture; may be left out when the pipeline has one.',
    }),
  ),
  postgres: settings.secret({
    env: 'HEADRACE_POSTGRES_URL',
    description: 'Address of the database: postgres://user:password@host:port/database.',
  }),
  postgresCa: settings.optional(
    settings.secret({
      env: 'HEADRACE_POSTGRES_CA',
      description: 'Certificate authority (PEM) of the database.',
    }),
  ),
  postgresCert: settings.optional(
    settings.secret({
      env: 'HEADRACE_POSTGRES_CERT',
      description: 'Client certificate (PEM) for the database.',
    }),
  ),
  postgresKey: settings.optional(
    settings.secret({ env: 'HEADRACE_POSTGRES_KEY', description: 'Key (PEM) of the client certificate.' }),
  ),
  ...kafkaSettings,
  loadConnections: settings.integer({
    env: 'HEADRACE_CAPTURE_LOAD_CONNECTIONS',
    description: 'Connections that read the tables in the first load.',
    default: '2',
    min: 1,
    max: 64,
  }),
  bufferBytes: settings.integer({
    env: 'HEADRACE_CAPTURE_BUFFER_BYTES',
    description: 'Records waiting for Kafka; beyond it the source is not read on.',
    default: '16777216',
    min: 1_048_576,
  }),
} as const satisfies Declaration

export type Config = ConfigOf<typeof declaration>

export const config = (): Config => readServiceConfig('capture', declaration, process.env)

import {
  type ConfigOf,
  type Declaration,
  kafkaSettings,
  readServiceConfig,
  settings,
} from '@headrace/runtime'

/** Everything that the validator reads from its environment. */
export const declaration = {
  pipeline: settings.path({ env: 'HEADRACE_PIPELINE', description: 'Folder with pipeline.yaml.' }),
  ...kafkaSettings,
  httpPort: settings.integer({
    env: 'HEADRACE_HTTP_PORT',
    description: 'Port of probes and metrics.',
    default: '9402',
    max: 65_535,
  }),
  instance: settings.string({
    env: 'HEADRACE_INSTANCE',
    description:
      'Stable name of this process: its transactional ids and its place in the group are made from it.',
    default: 'validator-0',
  }),
  logLevel: settings.choice(['debug', 'info', 'warn', 'error'], {
    env: 'HEADRACE_LOG_LEVEL',
    description: 'What is logged.',
    default: 'info',
  }),
  turnRecords: settings.integer({
    env: 'HEADRACE_VALIDATOR_TURN_RECORDS',
    description: 'Records after which a transaction is committed at the latest.',
    default: '5000',
    min: 1,
  }),
  turnMs: settings.integer({
    env: 'HEADRACE_VALIDATOR_TURN_MS',
    description: 'Time in ms after which a transaction is committed at the latest.',
    default: '100',
    min: 1,
  }),
  compression: settings.choice(['none', 'lz4', 'gzip'], {
    env: 'HEADRACE_KAFKA_COMPRESSION',
    description: 'Compression of validated topics and dead letters.',
    default: 'none',
  }),
  failpoints: settings.string({
    env: 'HEADRACE_FAILPOINTS',
    description: 'For tests: name=n kills the process there.',
    default: '-',
  }),
} as const satisfies Declaration

export type Config = ConfigOf<typeof declaration>

export const config = (): Config => readServiceConfig('validator', declaration, process.env)

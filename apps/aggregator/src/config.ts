import {
  type ConfigOf,
  type Declaration,
  kafkaSettings,
  readServiceConfig,
  settings,
} from '@headrace/runtime'

/** Everything that the aggregator reads from its environment. */
export const declaration = {
  pipeline: settings.path({ env: 'HEADRACE_PIPELINE', description: 'Folder with pipeline.yaml.' }),
  ...kafkaSettings,
  dataDir: settings.path({
    env: 'HEADRACE_DATA_DIR',
    description: 'Folder for the state stores; rebuilt from the topics when it is lost.',
  }),
  httpPort: settings.integer({
    env: 'HEADRACE_HTTP_PORT',
    description: 'Port of probes and metrics.',
    default: '9403',
    max: 65_535,
  }),
  instance: settings.string({
    env: 'HEADRACE_INSTANCE',
    description: 'Stable name of this process: it gets its partitions back and takes its transactions over.',
    default: 'aggregator-0',
  }),
  logLevel: settings.choice(['debug', 'info', 'warn', 'error'], {
    env: 'HEADRACE_LOG_LEVEL',
    description: 'What is logged.',
    default: 'info',
  }),
  emitIdleMs: settings.integer({
    env: 'HEADRACE_AGGREGATOR_EMIT_IDLE_MS',
    description: 'While input is waiting, a document is emitted when it has not changed for so long.',
    default: '50',
  }),
  emitMaxMs: settings.integer({
    env: 'HEADRACE_AGGREGATOR_EMIT_MAX_MS',
    description: 'A changed document is emitted after so long at the latest.',
    default: '1000',
  }),
  maxRecords: settings.integer({
    env: 'HEADRACE_AGGREGATOR_MAX_RECORDS',
    description: 'Records taken per turn, and documents emitted per turn.',
    default: '5000',
    min: 1,
    max: 100_000,
  }),
  maxDocumentBytes: settings.integer({
    env: 'HEADRACE_AGGREGATOR_MAX_DOCUMENT_BYTES',
    description:
      'A larger document is replaced by a stub that says so. Must fit max.message.bytes of the document topic.',
    default: '10485760',
    min: 1024,
  }),
  sessionTimeoutMs: settings.integer({
    env: 'HEADRACE_KAFKA_SESSION_TIMEOUT_MS',
    description: 'A process that was killed keeps its partitions for so long.',
    default: '10000',
    min: 1000,
    max: 300_000,
  }),
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
} as const satisfies Declaration

export type Config = ConfigOf<typeof declaration>

export const config = (): Config => readServiceConfig('aggregator', declaration, process.env)

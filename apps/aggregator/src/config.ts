import {
  type ConfigOf,
  type Declaration,
  kafkaSettings,
  readServiceConfig,
  serviceSettings,
  settings,
  writerSettings,
} from '@headrace/runtime'

/** Everything that the aggregator reads from its environment. */
export const declaration = {
  ...serviceSettings('aggregator', 9403),
  ...writerSettings,
  ...kafkaSettings,
  dataDir: settings.path({
    env: 'HEADRACE_DATA_DIR',
    description: 'Folder for the state stores; rebuilt from the topics when it is lost.',
  }),
  emitIdleMs: settings.integer({
    env: 'HEADRACE_AGGREGATOR_EMIT_IDLE_MS',
    description: 'While input is waiting, a document is emitted when it has not changed for so long.',
    default: '50',
  }),
  emitMaxMs: settings.integer({
    env: 'HEADRACE_AGGREGATOR_EMIT_MAX_MS',
    description:
      'A changed document is emitted after so long at the latest; in large transactions after ten times, in a first load after thirty times as long.',
    default: '1000',
  }),
  maxRecords: settings.integer({
    env: 'HEADRACE_AGGREGATOR_MAX_RECORDS',
    description: 'Records taken per turn, and documents emitted per turn.',
    default: '5000',
    min: 1,
    max: 100_000,
  }),
  sessionTimeoutMs: settings.integer({
    env: 'HEADRACE_KAFKA_SESSION_TIMEOUT_MS',
    description: 'A process that was killed keeps its partitions for so long.',
    default: '10000',
    min: 1000,
    max: 300_000,
  }),
} as const satisfies Declaration

export type Config = ConfigOf<typeof declaration>

export const config = (): Config => readServiceConfig('aggregator', declaration, process.env)

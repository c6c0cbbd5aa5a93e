import {
  type ConfigOf,
  type Declaration,
  kafkaSettings,
  readServiceConfig,
  serviceSettings,
  settings,
  writerSettings,
} from '@headrace/runtime'

/** Everything that the validator reads from its environment. */
export const declaration = {
  ...serviceSettings('validator', 9402),
  ...writerSettings,
  ...kafkaSettings,
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
} as const satisfies Declaration

export type Config = ConfigOf<typeof declaration>

export const config = (): Config => readServiceConfig('validator', declaration, process.env)

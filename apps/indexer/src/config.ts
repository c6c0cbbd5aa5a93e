import {
  type ConfigOf,
  type Declaration,
  elasticsearchSettings,
  kafkaSettings,
  readServiceConfig,
  serviceSettings,
  settings,
} from '@headrace/runtime'

/** Everything that the indexer reads from its environment. */
export const declaration = {
  ...serviceSettings('indexer', 9404),
  ...elasticsearchSettings,
  views: settings.optional(
    settings.list({
      env: 'HEADRACE_VIEWS',
      description: 'Views to index; all of the pipeline when it is not set.',
    }),
  ),
  ...kafkaSettings,
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
} as const satisfies Declaration

export type Config = ConfigOf<typeof declaration>

export const config = (): Config => readServiceConfig('indexer', declaration, process.env)

/** What a new index gets. */
export const indexSettingsOf = ({ shards, replicas, refreshInterval, gcDeletes }: Config) => ({
  shards,
  replicas,
  refreshInterval,
  gcDeletes,
})

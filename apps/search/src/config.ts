import {
  type ConfigOf,
  type Declaration,
  elasticsearchSettings,
  readServiceConfig,
  serviceSettings,
  settings,
} from '@headrace/runtime'

/** Everything that the search API reads from its environment. */
export const declaration = {
  ...serviceSettings('search', 9405),
  ...elasticsearchSettings,
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
} as const satisfies Declaration

export type Config = ConfigOf<typeof declaration>

export const config = (): Config => readServiceConfig('search', declaration, process.env)

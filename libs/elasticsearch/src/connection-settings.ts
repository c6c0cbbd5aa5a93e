import type { Secret } from '@headrace/runtime'
import type { ElasticsearchConnection } from './connection.ts'

/** Values of `elasticsearchSettings` (libs/runtime). */
export interface ElasticsearchSettings {
  readonly elasticsearch: string
  readonly username?: string | undefined
  readonly password?: Secret | undefined
  readonly apiKey?: Secret | undefined
  readonly ca?: Secret | undefined
}

/** The connection that the settings name. */
export const elasticsearchConnection = (values: ElasticsearchSettings): ElasticsearchConnection => ({
  url: values.elasticsearch,
  ...(values.username && { username: values.username }),
  ...(values.password && { password: values.password }),
  ...(values.apiKey && { apiKey: values.apiKey }),
  ...(values.ca && { ca: values.ca.reveal() }),
})

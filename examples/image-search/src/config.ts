/** The demo's environment: servers given by address are used, the others are started by `headrace dev`. */
export interface DemoConfig {
  readonly postgresUrl: string | undefined
  readonly kafkaBrokers: string | undefined
  readonly elasticsearchUrl: string | undefined
  readonly color: boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

export const readDemoConfig = (
  env: Readonly<Record<string, string | undefined>> = process.env,
): DemoConfig => ({
  postgresUrl: env['HEADRACE_POSTGRES_URL'],
  kafkaBrokers: env['HEADRACE_KAFKA_BROKERS'],
  elasticsearchUrl: env['HEADRACE_ELASTICSEARCH_URL'],
  color: env['NO_COLOR'] === undefined,
  env,
})

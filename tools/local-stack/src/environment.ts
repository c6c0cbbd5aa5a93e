/** The one place of this tool that reads the environment. */
export interface Environment {
  /** Base folder of caches, XDG_CACHE_HOME or undefined. */
  readonly cacheHome: string | undefined
  readonly javaHome: string | undefined
  readonly path: string
  /** Base address of a Maven repository, used only where `mvn` is absent. */
  readonly mavenBase: string | undefined
  /** Addresses given by the user; each replaces the embedded service. */
  readonly postgresUrl: string | undefined
  readonly kafkaBrokers: string | undefined
  readonly elasticsearchUrl: string | undefined
}

const text = (value: string | undefined): string | undefined =>
  value === undefined || value === '' ? undefined : value

export const readEnvironment = (env: NodeJS.ProcessEnv = process.env): Environment => ({
  cacheHome: text(env['XDG_CACHE_HOME']),
  javaHome: text(env['JAVA_HOME']),
  path: env['PATH'] ?? '',
  mavenBase: text(env['HEADRACE_MAVEN_BASE']),
  postgresUrl: text(env['HEADRACE_POSTGRES_URL']),
  kafkaBrokers: text(env['HEADRACE_KAFKA_BROKERS']),
  elasticsearchUrl: text(env['HEADRACE_ELASTICSEARCH_URL']),
})

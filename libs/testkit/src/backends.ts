import { HeadraceError } from '@headrace/errors'
import { type Environment, testEnvironment } from './config.ts'

export interface Backends {
  readonly postgresUrl: string
  readonly kafkaBrokers: string[]
  readonly elasticsearchUrl: string
}

const variables = {
  postgresUrl: 'HEADRACE_POSTGRES_URL',
  kafkaBrokers: 'HEADRACE_KAFKA_BROKERS',
  elasticsearchUrl: 'HEADRACE_ELASTICSEARCH_URL',
} as const

/** The three addresses as the environment variables that every process of this workspace reads. */
export const backendEnvironment = (addresses: Backends = backends()): Record<string, string> => ({
  [variables.postgresUrl]: addresses.postgresUrl,
  [variables.kafkaBrokers]: addresses.kafkaBrokers.join(','),
  [variables.elasticsearchUrl]: addresses.elasticsearchUrl,
})

/**
 * The servers tests run against. Each address is read when it is asked for, so a test that needs only Kafka runs with
 * only Kafka. An absent one throws config.invalid: a test without its backend fails, it never skips.
 */
export const backends = (environment: Environment = testEnvironment()): Backends => {
  const read = (name: string): string => {
    const value = environment[name]
    if (value !== undefined && value !== '') return value
    throw new HeadraceError('config.invalid', `this test needs a backend, and ${name} is not set`, {
      hint: 'Run it by `npm test -- PATH`, or start one with `npm run stack -- start` and set what that prints.',
    })
  }
  return {
    get postgresUrl() {
      return read(variables.postgresUrl)
    },
    get kafkaBrokers() {
      return read(variables.kafkaBrokers).split(',')
    },
    get elasticsearchUrl() {
      return read(variables.elasticsearchUrl).replace(/\/+$/, '')
    },
  }
}

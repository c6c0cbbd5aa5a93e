import type { PostgresConnection } from '@headrace/postgres'
import { createFailpoints } from '@headrace/runtime'
import type { CaptureAppOptions } from './app.ts'
import type { Config } from './config.ts'

/** The settings as the libraries take them. */
export const postgresConnection = (config: Config): PostgresConnection => {
  const [ca, cert, key] = [config.postgresCa, config.postgresCert, config.postgresKey].map(secret =>
    secret?.reveal(),
  )
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  }
  const withTls = Object.keys(tls).length === 0 ? {} : { tls }
  return { url: config.postgres.reveal(), applicationName: config.instance, ...withTls }
}

export const tuning = (
  config: Config,
): Pick<CaptureAppOptions, 'failpoints' | 'loadConnections' | 'compression' | 'limits'> => ({
  failpoints: createFailpoints(config.failpoints === '-' ? '' : config.failpoints),
  loadConnections: config.loadConnections,
  compression: config.compression,
  limits: { bufferBytes: config.bufferBytes },
})

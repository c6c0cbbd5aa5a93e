import { HeadraceError } from '@headrace/errors'
import type { ConfigOf, kafkaSettings } from '@headrace/runtime'
import type { KafkaConnection, KafkaLog, SaslOptions, TlsOptions } from './options.ts'

/** Values of the settings that all services share (libs/runtime, kafkaSettings). */
export type KafkaSettings = ConfigOf<typeof kafkaSettings>

const mistake = (message: string): HeadraceError =>
  new HeadraceError('config.invalid', `the configuration has 1 mistake\n  - ${message}`)

const tlsOf = (values: KafkaSettings): true | TlsOptions | undefined => {
  const { kafkaTls, kafkaTlsCa: ca, kafkaTlsCert: cert, kafkaTlsKey: key } = values
  const { kafkaTlsServername: servername } = values
  const given = [ca, cert, key, servername].some(value => value !== undefined)
  // half a configuration must not end in an open connection
  if (!kafkaTls && given) throw mistake('HEADRACE_KAFKA_TLS_* are set, and HEADRACE_KAFKA_TLS is not true')
  if ((cert === undefined) !== (key === undefined))
    throw mistake('HEADRACE_KAFKA_TLS_CERT and HEADRACE_KAFKA_TLS_KEY belong together: one is not set')
  if (!kafkaTls) return undefined
  if (!given) return true
  return {
    ...(ca && { ca: ca.reveal() }),
    ...(cert && { cert: cert.reveal() }),
    ...(key && { key: key.reveal() }),
    ...(servername && { servername }),
  }
}

const saslOf = (values: KafkaSettings): SaslOptions | undefined => {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = values
  if (mechanism === undefined && username === undefined && password === undefined) return undefined
  if (mechanism === undefined || username === undefined || password === undefined)
    throw mistake(
      'HEADRACE_KAFKA_SASL_MECHANISM, HEADRACE_KAFKA_SASL_USERNAME and HEADRACE_KAFKA_SASL_PASSWORD belong together: not all are set',
    )
  return { mechanism, username, password: password.reveal() }
}

/** What is used of a service's logger. */
type ServiceLog = Readonly<
  Record<Parameters<KafkaLog>[0], (fields: Parameters<KafkaLog>[2], event: string) => void>
>

/** The connection of a service. Throws config.invalid for half a configuration. */
export const kafkaConnection = (
  values: KafkaSettings,
  clientId: string,
  logger?: ServiceLog,
): KafkaConnection => {
  const [tls, sasl] = [tlsOf(values), saslOf(values)]
  const log: KafkaLog | undefined = logger && ((level, event, fields) => logger[level](fields, event))
  return {
    brokers: values.brokers,
    clientId,
    ...(tls && { tls }),
    ...(sasl && { sasl }),
    ...(log && { log }),
  }
}

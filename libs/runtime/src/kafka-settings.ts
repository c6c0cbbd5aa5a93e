import { settings } from './config.ts'

/** How every service reaches Kafka, in one place; libs/kafka makes its connection of the values (`kafkaConnection`). */
export const kafkaSettings = {
  brokers: settings.list({ env: 'HEADRACE_KAFKA_BROKERS', description: 'Some Kafka brokers as host:port.' }),
  kafkaTls: settings.boolean({
    env: 'HEADRACE_KAFKA_TLS',
    description: 'Speak TLS with Kafka.',
    default: 'false',
  }),
  kafkaTlsCa: settings.optional(
    settings.secret({
      env: 'HEADRACE_KAFKA_TLS_CA',
      description: "Certificate authority (PEM) of Kafka; without it the system's count.",
    }),
  ),
  kafkaTlsCert: settings.optional(
    settings.secret({ env: 'HEADRACE_KAFKA_TLS_CERT', description: 'Client certificate (PEM) for Kafka.' }),
  ),
  kafkaTlsKey: settings.optional(
    settings.secret({ env: 'HEADRACE_KAFKA_TLS_KEY', description: 'Key (PEM) of the client certificate.' }),
  ),
  kafkaTlsServername: settings.optional(
    settings.string({
      env: 'HEADRACE_KAFKA_TLS_SERVERNAME',
      description: "Name that the brokers' certificates carry, when it is not their host's.",
    }),
  ),
  kafkaSaslMechanism: settings.optional(
    settings.choice(['plain', 'scram-sha-256', 'scram-sha-512'], {
      env: 'HEADRACE_KAFKA_SASL_MECHANISM',
      description: 'How to log in to Kafka; without it nobody logs in.',
    }),
  ),
  kafkaSaslUsername: settings.optional(
    settings.string({ env: 'HEADRACE_KAFKA_SASL_USERNAME', description: 'User of Kafka.' }),
  ),
  kafkaSaslPassword: settings.optional(
    settings.secret({ env: 'HEADRACE_KAFKA_SASL_PASSWORD', description: 'Password of that user.' }),
  ),
}

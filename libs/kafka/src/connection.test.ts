import { describe, expect, it } from '@jest/globals'
import { kafkaSettings, readConfig } from '@headrace/runtime'
import { kafkaConnection } from './connection.ts'
import type { KafkaConnection } from './options.ts'

const connectionOf = (environment: Readonly<Record<string, string>>): KafkaConnection =>
  kafkaConnection(readConfig(kafkaSettings, { HEADRACE_KAFKA_BROKERS: 'a:1,b:2', ...environment }), 'me')

const login = {
  HEADRACE_KAFKA_SASL_MECHANISM: 'scram-sha-512',
  HEADRACE_KAFKA_SASL_USERNAME: 'u',
  HEADRACE_KAFKA_SASL_PASSWORD: 'p',
}

describe('the settings of the connection', () => {
  it('are plain when nothing more is set', () => {
    expect(connectionOf({})).toEqual({ brokers: ['a:1', 'b:2'], clientId: 'me' })
  })

  it('take TLS with the authorities of the system, or all there is', () => {
    expect(connectionOf({ HEADRACE_KAFKA_TLS: 'true' }).tls).toBe(true)
    const all = {
      HEADRACE_KAFKA_TLS: 'true',
      HEADRACE_KAFKA_TLS_CA: 'ca',
      HEADRACE_KAFKA_TLS_CERT: 'cert',
      HEADRACE_KAFKA_TLS_KEY: 'key',
      HEADRACE_KAFKA_TLS_SERVERNAME: 'name',
    }
    expect(connectionOf(all).tls).toEqual({ ca: 'ca', cert: 'cert', key: 'key', servername: 'name' })
  })

  it('take a user', () => {
    expect(connectionOf(login).sasl).toEqual({ mechanism: 'scram-sha-512', username: 'u', password: 'p' })
  })

  it.each([
    ['an authority without TLS', { HEADRACE_KAFKA_TLS_CA: 'secret' }, 'HEADRACE_KAFKA_TLS is not true'],
    [
      'a certificate without its key',
      { HEADRACE_KAFKA_TLS: 'true', HEADRACE_KAFKA_TLS_CERT: 'secret' },
      'HEADRACE_KAFKA_TLS_KEY',
    ],
    ['a password alone', { HEADRACE_KAFKA_SASL_PASSWORD: 'secret' }, 'HEADRACE_KAFKA_SASL_USERNAME'],
    ['an unknown mechanism', { ...login, HEADRACE_KAFKA_SASL_MECHANISM: 'gssapi' }, 'scram-sha-256'],
  ])('are refused by halves: %s', (_, environment, said) => {
    const failing = (): unknown => connectionOf(environment)
    expect(failing).toThrow(expect.objectContaining({ code: 'config.invalid' }))
    expect(failing).toThrow(said)
    expect(failing).not.toThrow('secret')
  })
})

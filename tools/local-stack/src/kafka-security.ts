import { execFile } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { cached } from './cache.ts'
import { serverFile } from './folders.ts'
import { type Java } from './java.ts'
import { type KafkaOptions, type ServerPlan, type Surroundings } from './service.ts'

// The keystore never leaves this machine and its certificate is for 127.0.0.1 alone.
const storePassword = 'headrace-local'

/** Whether clients have a listener of their own, beside the one between brokers. */
export const secured = (options: KafkaOptions): boolean => options.tls === true || options.users !== undefined

export const clientProtocol = ({ tls, users }: KafkaOptions): string =>
  users === undefined ? (tls === true ? 'SSL' : 'PLAINTEXT') : tls === true ? 'SASL_SSL' : 'SASL_PLAINTEXT'

const login = (module: string, users: Readonly<Record<string, string>> = {}): string =>
  [
    `org.apache.kafka.common.security.${module} required`,
    ...Object.entries(users).map(([name, password]) => `user_${name}="${password}"`),
  ].join(' ') + ';'

/** Properties of the clients' listener. */
export const securityProperties = (options: KafkaOptions, folder: string): Record<string, string> => ({
  ...(options.tls === true
    ? {
        'listener.name.client.ssl.keystore.type': 'PKCS12',
        'listener.name.client.ssl.keystore.location': join(folder, 'keystore.p12'),
        'listener.name.client.ssl.keystore.password': storePassword,
        'listener.name.client.ssl.key.password': storePassword,
      }
    : {}),
  ...(options.users === undefined
    ? {}
    : {
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.client.plain.sasl.jaas.config': login('plain.PlainLoginModule', options.users),
        'listener.name.client.scram-sha-256.sasl.jaas.config': login('scram.ScramLoginModule'),
        'listener.name.client.scram-sha-512.sasl.jaas.config': login('scram.ScramLoginModule'),
      }),
})

/** Arguments of the storage tool: SCRAM users exist from the first record of the metadata log on. */
export const scramArguments = (users: Readonly<Record<string, string>> = {}): string[] =>
  Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism => [
      '--add-scram',
      `${mechanism}=[name=${name},password=${password}]`,
    ]),
  )

const keytool = (java: Java, args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const store = ['-storetype', 'PKCS12', '-storepass', storePassword]
    execFile(join(java.home, 'bin', 'keytool'), [...args, ...store], (error, stdout, stderr) => {
      if (error === null) resolve()
      else
        reject(
          new HeadraceError(
            'stack.start_failed',
            `keytool could not make Kafka's certificate:\n  ${(stderr || stdout).trimEnd()}`,
          ),
        )
    })
  })

/** A certificate that is its own authority, made once per machine. */
const madeKeystore = (java: Java): Promise<string> =>
  cached('kafka-keystore-1', async folder => {
    const store = ['-alias', 'broker', '-keystore', join(folder, 'keystore.p12')]
    const names = [
      '-dname',
      'CN=headrace local',
      '-ext',
      'SAN=ip:127.0.0.1,dns:localhost',
      '-ext',
      'BC=ca:true',
    ]
    const key = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '3650']
    await keytool(java, ['-genkeypair', ...store, ...names, ...key])
    await keytool(java, ['-exportcert', '-rfc', ...store, '-file', join(folder, 'ca.pem')])
    chmodSync(join(folder, 'keystore.p12'), 0o600)
  })

/** Puts the keystore, and for clients `ca.pem`, into the server's folder. */
export const placeKeystore = async (plan: ServerPlan, surroundings: Surroundings): Promise<void> => {
  const made = await madeKeystore(await surroundings.java())
  for (const name of ['keystore.p12', 'ca.pem'])
    serverFile(join(plan.folder, name), readFileSync(join(made, name)), surroundings.user)
}

import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { readLock } from './artifacts.ts'
import { cached } from './cache.ts'
import { cacheRoot, readableFolder, serverFile, serverFolder } from './folders.ts'
import { type Java } from './java.ts'
import {
  clientProtocol,
  placeKeystore,
  scramArguments,
  secured,
  securityProperties,
} from './kafka-security.ts'
import { fetchLocked } from './maven.ts'
import { type RunAs } from './run-as.ts'
import {
  type KafkaOptions,
  type Launch,
  type ServerPlan,
  type ServiceDefinition,
  type Surroundings,
} from './service.ts'
import { removeFolder } from './state.ts'
import { kafkaServerNames, type KafkaVersion, versions } from './versions.ts'

/** One of the brokers of a stack. */
interface Broker {
  /** From 1. */
  readonly id: number
  readonly version: KafkaVersion
  readonly options: KafkaOptions
}

/** Kafka 3.9 logs by reload4j, 4 by log4j 2. */
const oldLogging = `log4j.rootLogger=WARN, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=[%d] %p %m (%c)%n
log4j.logger.kafka.server.KafkaRaftServer=INFO
`

const logging = `appenders=console
appender.console.type=Console
appender.console.name=STDOUT
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRefs=stdout
rootLogger.appenderRef.stdout.ref=STDOUT
logger.raft.name=kafka.server.KafkaRaftServer
logger.raft.level=info
`

/** A file of `name=value` lines. */
export const properties = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')

const listeners = (plan: ServerPlan, { id, options }: Broker): Record<string, string> => {
  const { client, controller, internal } = plan.ports
  const at = (name: string, port: number | undefined): string => `${name}://127.0.0.1:${port}`
  const own = secured(options) ? [at('INTERNAL', internal)] : []
  return {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'controller.quorum.voters': plan.peers
      .map((peer, index) => `${index + 1}@127.0.0.1:${peer['controller']}`)
      .join(','),
    listeners: [at('CLIENT', client), ...own, at('CONTROLLER', controller)].join(','),
    'advertised.listeners': [at('CLIENT', client), ...own].join(','),
    'listener.security.protocol.map': `CLIENT:${clientProtocol(options)},INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': secured(options) ? 'INTERNAL' : 'CLIENT',
    ...securityProperties(options, plan.folder),
  }
}

/** With several brokers two copies are written before anything counts, and a dead one is missed soon. */
const copies = (brokers: number): Record<string, string> => {
  const all = String(brokers)
  const least = brokers > 1 ? '2' : '1'
  return {
    'default.replication.factor': all,
    'min.insync.replicas': least,
    'offsets.topic.replication.factor': all,
    'transaction.state.log.replication.factor': all,
    'transaction.state.log.min.isr': least,
    'share.coordinator.state.topic.replication.factor': all,
    'share.coordinator.state.topic.min.isr': least,
    ...(brokers > 1 ? { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '500' } : {}),
  }
}

const serverProperties = (plan: ServerPlan, broker: Broker, data: string): Record<string, string> => ({
  ...listeners(plan, broker),
  ...copies(plan.peers.length),
  'log.dirs': data,
  'num.partitions': '12',
  'auto.create.topics.enable': 'false',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.num.partitions': '4',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500',
  'log.cleaner.enable': 'true',
  // tests prove that nothing depends on what compaction keeps (05 A22): it has to come round soon
  'log.cleaner.backoff.ms': '100',
  'log.cleaner.dedupe.buffer.size': '16777216',
  ...plan.options.settings,
})

const jarsOf = (home: string): string =>
  readdirSync(join(home, 'lib'))
    .filter(name => name.endsWith('.jar'))
    .sort()
    .map(name => join(home, 'lib', name))
    .join(':')

/** Formats an empty log folder `target`; every stack gets a copy with ids of its own. */
const format = async (home: string, java: Java, target: string, options: KafkaOptions): Promise<void> => {
  const config = `${target}.properties`
  const ports = { client: 9092, controller: 9093 }
  const plan: ServerPlan = { home, folder: home, ports, peers: [ports], options: {} }
  const broker: Broker = { id: 1, version: versions.kafka, options: {} }
  writeFileSync(config, properties(serverProperties(plan, broker, target)))
  const args = [
    '-Xmx256m',
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    '-cp',
    jarsOf(home),
    'kafka.tools.StorageTool',
    'format',
    '-t',
    newId(),
    '-c',
    config,
    ...scramArguments(options.users),
  ]
  await new Promise<void>((resolve, reject) => {
    execFile(java.executable, args, { cwd: home }, (error, stdout, stderr) => {
      if (error === null) resolve()
      else
        reject(
          new HeadraceError(
            'stack.start_failed',
            `Kafka's storage could not be formatted:\n  ${(stderr || stdout).trimEnd()}`,
          ),
        )
    })
  })
  rmSync(config)
  for (const name of readdirSync(target)) chmodSync(join(target, name), 0o644)
}

/** The formatted folder to copy: the installation's, or one per set of users. */
const formatted = async (home: string, broker: Broker, java: Java): Promise<string> => {
  const { users } = broker.options
  if (users === undefined) return join(home, 'formatted')
  const hash = createHash('sha256').update(JSON.stringify(users)).digest('hex').slice(0, 16)
  const folder = await cached(`kafka-${broker.version}-users-${hash}`, target =>
    format(home, java, join(target, 'formatted'), { users }),
  )
  return join(folder, 'formatted')
}

/** A Kafka uuid: 16 random bytes, url-safe base64. One that begins with `-` reads as an option on command lines. */
const newId = (): string => {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newId() : id
}

/** The same for all brokers of a stack: made of what they share. */
const clusterId = (plan: ServerPlan): string => {
  if (plan.peers.length === 1) return newId()
  const shared = JSON.stringify([dirname(plan.folder), plan.peers])
  // a leading letter, because one that begins with `-` reads as an option
  const digest = createHash('sha256').update(shared).digest().subarray(0, 16)
  return `H${digest.toString('base64url').slice(1)}`
}

const install = async (version: KafkaVersion, surroundings: Surroundings): Promise<string> => {
  const java = await surroundings.java()
  return cached(`kafka-${version}`, async target => {
    const locked = readLock(`kafka-${version}`)
    const lib = join(target, 'lib')
    await fetchLocked(locked, lib, { ...surroundings, subject: 'kafka' })
    for (const name of readdirSync(lib)) chmodSync(join(lib, name), 0o644)
    surroundings.progress('kafka', 'formatting its storage')
    await format(target, java, join(target, 'formatted'), {})
  })
}

const makeData = (plan: ServerPlan, broker: Broker, template: string, user: RunAs | undefined): void => {
  const data = join(plan.folder, 'data')
  if (existsSync(data)) return
  const beside = join(plan.folder, 'data.new')
  removeFolder(beside)
  serverFolder(beside, user)
  const ids = { 'cluster.id': clusterId(plan), 'directory.id': newId(), 'node.id': String(broker.id) }
  for (const name of readdirSync(template)) {
    const content = readFileSync(join(template, name))
    const own = content
      .toString()
      .replace(
        /^(cluster\.id|directory\.id|node\.id)=.*$/gm,
        (_, key: keyof typeof ids) => `${key}=${ids[key]}`,
      )
    serverFile(join(beside, name), name === 'meta.properties' ? own : content, user)
  }
  renameSync(beside, data)
}

/** Where the class archive of a Java lies; with it the broker starts in half the time. */
const archiveFile = (version: KafkaVersion, java: Java): string =>
  join(cacheRoot(), 'cds', `kafka-${version}-${java.version.replace(/[^\w.]/g, '_')}.jsa`)

/** Begins with the name of the archive, so that whoever stops the server knows where it belongs. */
const newArchive = (plan: ServerPlan, archive: string): string =>
  join(plan.folder, `${basename(archive)}.new`)

const archiveFlags = (plan: ServerPlan, { version }: Broker, java: Java): string[] => {
  const archive = archiveFile(version, java)
  if (existsSync(archive))
    return [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off']
  return [`-XX:ArchiveClassesAtExit=${newArchive(plan, archive)}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off']
}

/** Moves the archive that the first orderly stop wrote into the cache, for all stacks. */
const keepArchive = (folder: string): void => {
  for (const name of readdirSync(folder).filter(file => file.endsWith('.jsa.new'))) {
    const cds = readableFolder(join(cacheRoot(), 'cds'))
    const part = join(cds, `${name}-${process.pid}`)
    copyFileSync(join(folder, name), part)
    chmodSync(part, 0o644)
    renameSync(part, join(cds, name.replace(/\.new$/, '')))
    rmSync(join(folder, name), { force: true })
  }
}

const prepare = async (plan: ServerPlan, broker: Broker, surroundings: Surroundings): Promise<Launch> => {
  const { user } = surroundings
  const java = await surroundings.java()
  serverFolder(plan.folder, user)
  makeData(plan, broker, await formatted(plan.home, broker, java), user)
  if (broker.options.tls === true) await placeKeystore(plan, surroundings)
  const config = join(plan.folder, 'server.properties')
  const old = broker.version.startsWith('3.')
  const log4j = join(plan.folder, old ? 'log4j.properties' : 'log4j2.properties')
  serverFile(config, properties(serverProperties(plan, broker, join(plan.folder, 'data'))), user)
  serverFile(log4j, old ? oldLogging : logging, user)
  return {
    command: java.executable,
    args: [
      '-Xms256m',
      `-Xmx${plan.options.heap ?? '512m'}`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:+ExitOnOutOfMemoryError',
      ...archiveFlags(plan, broker, java),
      old ? `-Dlog4j.configuration=file:${log4j}` : `-Dlog4j2.configurationFile=${log4j}`,
      '-cp',
      jarsOf(plan.home),
      'kafka.Kafka',
      config,
    ],
    env: { PATH: '/usr/bin:/bin', HOME: plan.folder, LC_ALL: 'C.UTF-8' },
    cwd: plan.folder,
    ready: logged => Promise.resolve(logged.includes('Kafka Server started')),
  }
}

const brokerDefinition = (broker: Broker): ServiceDefinition => ({
  name: kafkaServerNames[broker.id - 1] ?? 'kafka',
  version: broker.version,
  portNames: ['client', 'controller', ...(secured(broker.options) ? ['internal'] : [])],
  stopSignal: 'SIGTERM',
  install: surroundings => install(broker.version, surroundings),
  prepare: (plan, surroundings) => prepare(plan, broker, surroundings),
  address: ports => `127.0.0.1:${ports['client']}`,
  stopped: keepArchive,
})

/** The brokers of a stack, in the order of their ids. */
export const kafkaBrokers = (options: KafkaOptions, count: number): readonly ServiceDefinition[] =>
  kafkaServerNames
    .slice(0, count)
    .map((_, index) =>
      brokerDefinition({ id: index + 1, version: options.version ?? versions.kafka, options }),
    )

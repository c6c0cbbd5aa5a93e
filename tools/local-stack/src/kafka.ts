import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { readLock } from './artifacts.ts'
import { cached } from './cache.ts'
import { cacheRoot, serverFile, serverFolder } from './folders.ts'
import { type Java } from './java.ts'
import { fetchLocked } from './maven.ts'
import { type RunAs } from './run-as.ts'
import { type Launch, type ServerPlan, type ServiceDefinition, type Surroundings } from './service.ts'
import { removeFolder } from './state.ts'
import { versions } from './versions.ts'

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

const serverProperties = (plan: ServerPlan, data: string): Record<string, string> => ({
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.voters': `1@127.0.0.1:${plan.ports['controller']}`,
  listeners: `PLAINTEXT://127.0.0.1:${plan.ports['client']},CONTROLLER://127.0.0.1:${plan.ports['controller']}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${plan.ports['client']}`,
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'PLAINTEXT',
  'log.dirs': data,
  'num.partitions': '12',
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '4',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
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

/** Formats an empty log folder once per installation; every stack gets a copy with ids of its own. */
const formatTemplate = async (home: string, java: Java): Promise<void> => {
  const template = join(home, 'formatted')
  const config = join(home, 'format.properties')
  const plan: ServerPlan = { home, folder: home, ports: { client: 9092, controller: 9093 }, options: {} }
  writeFileSync(config, properties(serverProperties(plan, template)))
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
}

/** A Kafka uuid: 16 random bytes, url-safe base64. One that begins with `-` reads as an option on command lines. */
const newId = (): string => {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? newId() : id
}

const home = (): string => `kafka-${versions.kafka}`

const install = async (surroundings: Surroundings): Promise<string> => {
  const java = await surroundings.java()
  return cached(home(), async target => {
    const locked = readLock(`kafka-${versions.kafka}`)
    const lib = join(target, 'lib')
    await fetchLocked(locked, lib, { ...surroundings, subject: 'kafka' })
    for (const name of readdirSync(lib)) chmodSync(join(lib, name), 0o644)
    surroundings.progress('kafka', 'formatting its storage')
    await formatTemplate(target, java)
    for (const name of readdirSync(join(target, 'formatted')))
      chmodSync(join(target, 'formatted', name), 0o644)
  })
}

const makeData = (plan: ServerPlan, user: RunAs | undefined): void => {
  const data = join(plan.folder, 'data')
  if (existsSync(data)) return
  const beside = join(plan.folder, 'data.new')
  removeFolder(beside)
  serverFolder(beside, user)
  const template = join(plan.home, 'formatted')
  for (const name of readdirSync(template)) {
    const content = readFileSync(join(template, name))
    const own = content
      .toString()
      .replace(/^(cluster\.id|directory\.id)=.*$/gm, (_, key: string) => `${key}=${newId()}`)
    serverFile(join(beside, name), name === 'meta.properties' ? own : content, user)
  }
  renameSync(beside, data)
}

/** Where the class archive of a Java lies; with it the broker starts in half the time. */
const archiveFile = (java: Java): string =>
  join(cacheRoot(), 'cds', `kafka-${versions.kafka}-${java.version.replace(/[^\w.]/g, '_')}.jsa`)

/** Begins with the name of the archive, so that whoever stops the server knows where it belongs. */
const newArchive = (plan: ServerPlan, archive: string): string =>
  join(plan.folder, `${basename(archive)}.new`)

const archiveFlags = (plan: ServerPlan, java: Java): string[] => {
  const archive = archiveFile(java)
  if (existsSync(archive))
    return [`-XX:SharedArchiveFile=${archive}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off']
  return [`-XX:ArchiveClassesAtExit=${newArchive(plan, archive)}`, '-Xlog:cds=off', '-Xlog:cds+dynamic=off']
}

/** Moves the archive that the first orderly stop wrote into the cache, for all stacks. */
const keepArchive = (folder: string): void => {
  for (const name of readdirSync(folder).filter(file => file.endsWith('.jsa.new'))) {
    const cds = join(cacheRoot(), 'cds')
    mkdirSync(cds, { recursive: true })
    const part = join(cds, `${name}-${process.pid}`)
    copyFileSync(join(folder, name), part)
    chmodSync(part, 0o644)
    renameSync(part, join(cds, name.replace(/\.new$/, '')))
    rmSync(join(folder, name), { force: true })
  }
}

const prepare = async (plan: ServerPlan, surroundings: Surroundings): Promise<Launch> => {
  const java = await surroundings.java()
  serverFolder(plan.folder, surroundings.user)
  makeData(plan, surroundings.user)
  const config = join(plan.folder, 'server.properties')
  const log4j = join(plan.folder, 'log4j2.properties')
  serverFile(config, properties(serverProperties(plan, join(plan.folder, 'data'))), surroundings.user)
  serverFile(log4j, logging, surroundings.user)
  const heap = plan.options.heap ?? '512m'
  return {
    command: java.executable,
    args: [
      '-Xms256m',
      `-Xmx${heap}`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:+ExitOnOutOfMemoryError',
      ...archiveFlags(plan, java),
      `-Dlog4j2.configurationFile=${log4j}`,
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

export const kafka: ServiceDefinition = {
  name: 'kafka',
  version: versions.kafka,
  portNames: ['client', 'controller'],
  stopSignal: 'SIGTERM',
  install,
  prepare,
  address: ports => `127.0.0.1:${ports['client']}`,
  stopped: keepArchive,
}

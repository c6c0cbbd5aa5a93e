import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { readEnvironment } from './environment.ts'
import { ephemeralState, sweepEphemeral } from './ephemeral.ts'
import { requireAnswering } from './given-servers.ts'
import { readableFolder, stacksRoot, traversable } from './folders.ts'
import { withLock } from './lock.ts'
import { type Progress, silent } from './progress.ts'
import { runAs } from './run-as.ts'
import { Servers } from './servers.ts'
import { type StackServiceOptions } from './service.ts'
import { readState, removeFolder, runningServices, type ServiceState, stackNames } from './state.ts'
import { type ServerName, type ServiceName, serviceNames } from './versions.ts'
import { guard } from './watchdog-process.ts'

export interface StackOptions {
  /** Two starts of one name share one stack. Default: `dev`, for an ephemeral one a new name. */
  readonly name?: string
  /** Default: all three. */
  readonly services?: readonly ServiceName[]
  /** Folder of this stack's state, data and logs. Default: in the cache folder. */
  readonly dataDir?: string
  readonly progress?: Progress
  /** Ends with this process, even when it is killed, and leaves no data. */
  readonly ephemeral?: boolean
  /** Heap and server settings per service; they count when the server is started, not when a running one is reused. */
  readonly options?: StackServiceOptions
  /** Starts its own servers even where addresses are given in the environment: for tests that kill them. */
  readonly own?: boolean
  /** Gives up starting and stops what was started. */
  readonly signal?: AbortSignal
}

export type Addresses = Readonly<Partial<Record<ServiceName, string>>>

export interface Stack {
  readonly name: string
  /** Its folder, with the logs in `logs/`. */
  readonly folder: string
  /** Each throws when the service is not part of this stack. */
  readonly postgresUrl: string
  readonly kafkaBrokers: readonly string[]
  readonly elasticsearchUrl: string
  readonly addresses: Addresses
  /** Pids of the servers that run now. Services given by address have none. */
  readonly pids: Readonly<Partial<Record<ServerName, number>>>
  /** Stops all servers in an orderly way; an ephemeral stack's data is removed. */
  stop(): Promise<void>
  /** Orderly stop and start on the same ports and data; starts a killed one too. `broker` (from 1): that one alone. */
  restart(service: ServiceName, broker?: number): Promise<void>
  /** SIGKILL to the server and all it started; returns when it is gone. `broker` (from 1): that one alone. */
  kill(service: ServiceName, broker?: number): Promise<void>
}

export interface StackStatus {
  readonly name: string
  readonly folder: string
  readonly services: Readonly<
    Partial<Record<ServerName, { running: boolean; address: string; version: string; pid?: number }>>
  >
}

/** The addresses as environment variables, as every service and test of this workspace reads them. */
export const addressEnvironment = (addresses: Addresses): Record<string, string> => ({
  ...(addresses.postgres === undefined ? {} : { HEADRACE_POSTGRES_URL: addresses.postgres }),
  ...(addresses.kafka === undefined ? {} : { HEADRACE_KAFKA_BROKERS: addresses.kafka }),
  ...(addresses.elasticsearch === undefined ? {} : { HEADRACE_ELASTICSEARCH_URL: addresses.elasticsearch }),
})

const stackFolder = (name: string): string => {
  if (!/^[a-z0-9][a-z0-9_-]{0,60}$/.test(name)) {
    throw new HeadraceError(
      'usage.invalid',
      `"${name}" cannot name a stack: lower-case letters, digits, - and _ only`,
    )
  }
  return join(stacksRoot(), name)
}

const givenAddresses = (): Addresses => {
  const { postgresUrl, kafkaBrokers, elasticsearchUrl } = readEnvironment()
  return {
    ...(postgresUrl === undefined ? {} : { postgres: postgresUrl }),
    ...(kafkaBrokers === undefined ? {} : { kafka: kafkaBrokers }),
    ...(elasticsearchUrl === undefined ? {} : { elasticsearch: elasticsearchUrl }),
  }
}

const folderOf = (options: StackOptions, name: string): string => {
  if (options.dataDir === undefined) return stackFolder(name)
  const folder = resolve(options.dataDir)
  if (runAs() !== undefined && !traversable(folder)) {
    throw new HeadraceError(
      'stack.start_failed',
      'as root the servers run as another user, which cannot pass a folder above this one',
      {
        where: folder,
        hint: 'Name a data folder outside of closed folders, or run as an ordinary user.',
      },
    )
  }
  return folder
}

class LocalStack implements Stack {
  readonly name: string
  readonly folder: string
  readonly #servers: Servers
  readonly #given: Addresses
  readonly #unguard: () => void

  constructor(name: string, servers: Servers, given: Addresses, unguard: () => void) {
    this.name = name
    this.folder = servers.folder
    this.#servers = servers
    this.#given = given
    this.#unguard = unguard
  }

  get addresses(): Addresses {
    return { ...this.#servers.addresses(), ...this.#given }
  }

  get postgresUrl(): string {
    return this.#address('postgres')
  }

  get kafkaBrokers(): readonly string[] {
    return this.#address('kafka').split(',')
  }

  get elasticsearchUrl(): string {
    return this.#address('elasticsearch')
  }

  get pids(): Partial<Record<ServerName, number>> {
    return this.#servers.pids()
  }

  async stop(): Promise<void> {
    await withLock(`${this.folder}.lock`, undefined, () => this.#servers.stopAll())
    if (this.#servers.state.ephemeral) removeFolder(this.folder)
    this.#unguard()
  }

  async restart(service: ServiceName, broker?: number): Promise<void> {
    await withLock(`${this.folder}.lock`, undefined, () => this.#servers.restart(service, broker))
  }

  async kill(service: ServiceName, broker?: number): Promise<void> {
    await withLock(`${this.folder}.lock`, undefined, () => this.#servers.kill(service, broker))
  }

  #address(service: ServiceName): string {
    const address = this.addresses[service]
    if (address === undefined)
      throw new HeadraceError('usage.invalid', `stack ${this.name} was started without ${service}`)
    return address
  }
}

/**
 * Starts Postgres, Kafka and Elasticsearch in parallel, or reuses those of the same name that run. Whatever fails, the
 * servers this call has started are stopped again.
 * Throws stack.given_unreachable, stack.java_missing, stack.maven_missing, stack.download_failed, stack.checksum, stack.port_taken, stack.start_failed.
 */
export const startStack = async (options: StackOptions = {}): Promise<Stack> => {
  const ephemeral = options.ephemeral ?? false
  const name = options.name ?? (ephemeral ? `run-${process.pid}-${randomBytes(4).toString('hex')}` : 'dev')
  const folder = folderOf(options, name)
  const wanted = options.services ?? serviceNames
  const all = options.own === true ? {} : givenAddresses()
  const given = Object.fromEntries(
    wanted.filter(service => all[service] !== undefined).map(service => [service, all[service]]),
  )
  const newState = ephemeral
    ? ephemeralState(name, folder)
    : { format: 1 as const, name, dataDir: folder, ephemeral, services: {} }
  sweepEphemeral(stacksRoot())
  await requireAnswering(given)
  return withLock(`${folder}.lock`, options.signal, async () => {
    readableFolder(folder)
    const servers = new Servers(
      folder,
      readState(folder) ?? newState,
      options.options ?? {},
      options.progress ?? silent,
    )
    const unguard = ephemeral ? guard(folder) : () => undefined
    try {
      await servers.startAll(
        wanted.filter(service => given[service] === undefined),
        options.signal,
      )
    } catch (error) {
      if (ephemeral) removeFolder(folder)
      unguard()
      throw error
    }
    return new LocalStack(name, servers, given, unguard)
  })
}

const statusOf = (
  service: ServiceState,
  pid: number | undefined,
): { running: boolean; address: string; version: string; pid?: number } => ({
  running: pid !== undefined,
  address: service.address,
  version: service.version,
  ...(pid === undefined ? {} : { pid }),
})

/** What is known about the stack of this name; undefined when there is none. */
export const stackStatus = (name: string): StackStatus | undefined => {
  const folder = stackFolder(name)
  const state = readState(folder)
  if (state === undefined) return undefined
  const up = runningServices(state)
  const services = Object.entries(state.services).map(([service, part]) => [
    service,
    statusOf(part, up[service as ServerName]?.process.pid),
  ])
  return { name, folder, services: Object.fromEntries(services) as StackStatus['services'] }
}

export const allStacks = (): StackStatus[] =>
  stackNames(stacksRoot()).flatMap(name => stackStatus(name) ?? [])

/** Stops the stack of this name, whoever started it. True when something ran. */
export const stopStack = async (
  name: string,
  options: { progress?: Progress; wipe?: boolean } = {},
): Promise<boolean> => {
  const folder = stackFolder(name)
  return withLock(`${folder}.lock`, undefined, async () => {
    const state = readState(folder)
    if (state === undefined) return false
    const servers = new Servers(folder, state, {}, options.progress ?? silent)
    const ran = Object.keys(servers.pids()).length > 0
    await servers.stopAll()
    if (state.ephemeral || options.wipe === true) removeFolder(folder)
    return ran
  })
}

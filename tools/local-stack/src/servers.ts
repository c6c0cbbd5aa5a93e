import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HeadraceError } from '@headrace/errors'
import { elasticsearch } from './elasticsearch.ts'
import { readEnvironment } from './environment.ts'
import { findJava, type Java } from './java.ts'
import { kafkaBrokers } from './kafka.ts'
import { freePorts, freeWithin } from './ports.ts'
import { postgres } from './postgres.ts'
import { type ProcessIdentity } from './process-identity.ts'
import { type Progress } from './progress.ts'
import { runAs } from './run-as.ts'
import { killServer, lastLines, spawnServer, stopServer, waitReady } from './server-process.ts'
import {
  type Ports,
  type ServiceDefinition,
  type ServiceOptions,
  type StackServiceOptions,
  type Surroundings,
} from './service.ts'
import { runningServices, type ServiceState, type StackState, withService, writeState } from './state.ts'
import { kafkaServerNames, type ServerName, type ServiceName, serviceOf } from './versions.ts'

/** Several Java servers that start together on a small, busy machine take minutes. */
const readyTimeoutMs = 600_000
const stopTimeoutMs = 30_000
/** A killed server's ports and shared memory can outlive it for a moment; a fresh port can be taken just before us. */
const startAttempts = 4
/** So long the remains get before the next attempt. */
const startPauseMs = 500
/** The last thread of a killed server holds its sockets a moment longer than the process seems to live. */
const portReleaseMs = 10_000

/** The servers of one stack: starts, stops, and keeps the state file true. The caller holds the stack's lock. */
export class Servers {
  readonly folder: string
  state: StackState
  readonly #options: StackServiceOptions
  /** In the order of the brokers' ids. */
  readonly #definitions: ReadonlyMap<ServerName, ServiceDefinition>
  readonly #progress: Progress
  #java: Promise<Java> | undefined

  constructor(folder: string, state: StackState, options: StackServiceOptions, progress: Progress) {
    this.folder = folder
    this.state = state
    this.#options = options
    this.#progress = progress
    const known = kafkaServerNames.filter(name => state.services[name] !== undefined).length
    const brokers = kafkaBrokers(options.kafka ?? {}, options.kafka?.brokers ?? Math.max(1, known))
    this.#definitions = new Map(
      [postgres, ...brokers, elasticsearch].map(definition => [definition.name, definition]),
    )
  }

  addresses(): Partial<Record<ServiceName, string>> {
    const addresses: Partial<Record<ServiceName, string>> = {}
    for (const name of this.#definitions.keys()) {
      const address = this.state.services[name]?.address
      if (address === undefined) continue
      const before = addresses[serviceOf(name)]
      addresses[serviceOf(name)] = before === undefined ? address : `${before},${address}`
    }
    return addresses
  }

  pids(): Partial<Record<ServerName, number>> {
    return Object.fromEntries(
      Object.entries(runningServices(this.state)).map(([name, server]) => [name, server.process.pid]),
    )
  }

  /** Starts those that do not run yet, in parallel; when one fails the ones just started are stopped again. */
  async startAll(services: readonly ServiceName[], signal: AbortSignal | undefined): Promise<void> {
    const up = runningServices(this.state)
    const servers = services.flatMap(service => this.#serversOf(service))
    for (const server of servers)
      if (up[server] !== undefined) this.#progress(server, `runs already at ${up[server].address}`)
    writeState(this.folder, this.state)
    await this.#startTogether(
      servers.filter(server => up[server] === undefined),
      signal,
      false,
    )
  }

  async stopAll(): Promise<void> {
    await Promise.all(
      Object.keys(runningServices(this.state)).map(server => this.#stop(server as ServerName)),
    )
  }

  async restart(service: ServiceName, broker?: number): Promise<void> {
    const servers = this.#serversOf(service, broker)
    await Promise.all(servers.map(server => this.#stop(server)))
    await this.#startTogether(servers, undefined, true)
  }

  async kill(service: ServiceName, broker?: number): Promise<void> {
    await Promise.all(
      this.#serversOf(service, broker).map(async name => {
        const server = runningServices(this.state)[name]
        if (server === undefined) return
        await killServer(server.process)
        this.#record(name, server, undefined)
      }),
    )
  }

  #serversOf(service: ServiceName, broker?: number): ServerName[] {
    const all = [...this.#definitions.keys()].filter(name => serviceOf(name) === service)
    if (broker === undefined) return all
    const one = all[broker - 1]
    if (one === undefined)
      throw new HeadraceError('usage.invalid', `there is no server ${broker} of ${service}`)
    return [one]
  }

  #definition(server: ServerName): ServiceDefinition {
    const found = this.#definitions.get(server)
    if (found === undefined) throw new HeadraceError('internal.bug', `no server is named ${server}`)
    return found
  }

  async #startTogether(
    servers: readonly ServerName[],
    signal: AbortSignal | undefined,
    samePorts: boolean,
  ): Promise<void> {
    const together = this.#serversOf('kafka').length > 1
    if (together && !samePorts) await this.#choosePorts(servers)
    const abort = new AbortController()
    const both = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal])
    const results = await Promise.allSettled(
      servers.map(async server => {
        try {
          const kept = samePorts || (together && serviceOf(server) === 'kafka')
          await this.#start(this.#definition(server), both, kept)
        } catch (error) {
          abort.abort(error)
          throw error
        }
      }),
    )
    const failed = results.find(result => result.status === 'rejected')
    if (failed === undefined) return
    await Promise.all(servers.map(server => this.#stop(server)))
    throw abort.signal.reason ?? failed.reason
  }

  /** Brokers name each other's ports in their configuration: all are chosen before the first starts. */
  async #choosePorts(servers: readonly ServerName[]): Promise<void> {
    const taken = new Set<number>()
    for (const server of servers.filter(name => serviceOf(name) === 'kafka')) {
      const definition = this.#definition(server)
      const ports = await this.#ports(definition, false, taken)
      for (const port of Object.values(ports)) taken.add(port)
      this.#record(
        server,
        { version: definition.version, ports, address: definition.address(ports) },
        undefined,
      )
    }
  }

  #record(service: ServerName, part: ServiceState, server: ProcessIdentity | undefined): void {
    const { process: _before, ...rest } = part
    this.state = withService(this.state, service, server === undefined ? rest : { ...rest, process: server })
    writeState(this.folder, this.state)
  }

  #surroundings(signal: AbortSignal | undefined): Surroundings {
    const environment = readEnvironment()
    const java = (): Promise<Java> => (this.#java ??= findJava(environment))
    return { environment, progress: this.#progress, signal, user: runAs(), java }
  }

  async #start(
    definition: ServiceDefinition,
    signal: AbortSignal | undefined,
    samePorts: boolean,
  ): Promise<void> {
    const surroundings = this.#surroundings(signal)
    const home = await definition.install(surroundings)
    signal?.throwIfAborted()
    for (let attempt = 1; ; attempt++) {
      const ports = await this.#ports(definition, samePorts)
      try {
        await this.#startOnce(definition, home, ports, surroundings)
        return
      } catch (error) {
        await this.#stop(definition.name)
        if (attempt === startAttempts || signal?.aborted === true || !this.#worthAnotherTry(definition.name))
          throw error
        await delay(startPauseMs, undefined, signal === undefined ? {} : { signal })
      }
    }
  }

  /** Only what passes by itself: a port somebody was quicker to take, the remains of a server that was killed. */
  #worthAnotherTry(service: ServerName): boolean {
    return /address already in use|BindException|pre-existing shared memory|lock file .* already exists/i.test(
      lastLines(this.#log(service), 40),
    )
  }

  #log(service: ServerName): string {
    return join(this.folder, 'logs', `${service}.log`)
  }

  async #startOnce(
    definition: ServiceDefinition,
    home: string,
    ports: Ports,
    surroundings: Surroundings,
  ): Promise<void> {
    const { name } = definition
    const began = Date.now()
    const siblings = this.#serversOf(serviceOf(name))
    const peers = siblings.map(one => (one === name ? ports : (this.state.services[one]?.ports ?? {})))
    const options: ServiceOptions = this.#options[serviceOf(name)] ?? {}
    const plan = { home, folder: join(this.folder, name), ports, peers, options }
    const launch = await definition.prepare(plan, surroundings)
    surroundings.signal?.throwIfAborted()
    mkdirSync(join(this.folder, 'logs'), { recursive: true })
    const log = this.#log(name)
    this.#progress(name, `starting ${definition.version}`)
    const server = spawnServer(launch, log, surroundings.user, name)
    this.#record(name, { version: definition.version, ports, address: definition.address(ports) }, server)
    await waitReady(server, launch, {
      subject: name,
      log,
      timeoutMs: readyTimeoutMs,
      signal: surroundings.signal,
    })
    this.#progress(
      name,
      `ready at ${definition.address(ports)} after ${((Date.now() - began) / 1000).toFixed(1)} s`,
    )
  }

  /** The ports of the last run when they are free, else new ones; `same` insists on them. */
  async #ports(
    definition: ServiceDefinition,
    same: boolean,
    taken: ReadonlySet<number> = new Set(),
  ): Promise<Ports> {
    const kept = this.state.services[definition.name]?.ports
    if (kept === undefined || definition.portNames.some(name => kept[name] === undefined))
      return freePorts(definition.portNames, taken)
    for (const port of Object.values(kept)) {
      if (await freeWithin(port, same ? portReleaseMs : 0)) continue
      if (!same) return freePorts(definition.portNames, taken)
      throw new HeadraceError(
        'stack.port_taken',
        `port ${port} of ${definition.name} was taken by another process while it was down`,
        {
          hint: 'End that process and try again, or stop and start the whole stack, which then takes other ports.',
        },
      )
    }
    return kept
  }

  async #stop(service: ServerName): Promise<void> {
    const server = runningServices(this.state)[service]
    if (server === undefined) return
    const orderly = await stopServer(server.process, this.#definition(service).stopSignal, stopTimeoutMs)
    if (orderly) this.#definition(service).stopped?.(join(this.folder, service))
    this.#record(service, server, undefined)
    this.#progress(service, orderly ? 'stopped' : 'did not stop in time and was killed')
  }
}

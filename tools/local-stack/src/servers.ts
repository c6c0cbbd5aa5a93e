import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { elasticsearch } from './elasticsearch.ts'
import { readEnvironment } from './environment.ts'
import { findJava, type Java } from './java.ts'
import { kafka } from './kafka.ts'
import { freePorts, portFree } from './ports.ts'
import { postgres } from './postgres.ts'
import { type ProcessIdentity } from './process-identity.ts'
import { type Progress } from './progress.ts'
import { runAs } from './run-as.ts'
import { killServer, lastLines, spawnServer, stopServer, waitReady } from './server-process.ts'
import { type ServiceDefinition, type ServiceOptions, type Surroundings } from './service.ts'
import { runningServices, type ServiceState, type StackState, withService, writeState } from './state.ts'
import { type ServiceName } from './versions.ts'

const definitions: Readonly<Record<ServiceName, ServiceDefinition>> = { postgres, kafka, elasticsearch }

const readyTimeoutMs = 180_000
const stopTimeoutMs = 30_000
/** A killed server's ports and shared memory can outlive it for a moment; a fresh port can be taken just before us. */
const startAttempts = 4

type Ports = Readonly<Record<string, number>>

/** The servers of one stack: starts, stops, and keeps the state file true. The caller holds the stack's lock. */
export class Servers {
  readonly folder: string
  state: StackState
  readonly #options: Readonly<Partial<Record<ServiceName, ServiceOptions>>>
  readonly #progress: Progress
  #java: Promise<Java> | undefined

  constructor(
    folder: string,
    state: StackState,
    options: Readonly<Partial<Record<ServiceName, ServiceOptions>>>,
    progress: Progress,
  ) {
    this.folder = folder
    this.state = state
    this.#options = options
    this.#progress = progress
  }

  addresses(): Partial<Record<ServiceName, string>> {
    return Object.fromEntries(
      Object.entries(this.state.services).map(([name, service]) => [name, service.address]),
    )
  }

  pids(): Partial<Record<ServiceName, number>> {
    return Object.fromEntries(
      Object.entries(runningServices(this.state)).map(([name, service]) => [name, service.process.pid]),
    )
  }

  /** Starts those that do not run yet, in parallel; when one fails the ones just started are stopped again. */
  async startAll(services: readonly ServiceName[], signal: AbortSignal | undefined): Promise<void> {
    const up = runningServices(this.state)
    const missing = services.filter(service => up[service] === undefined)
    for (const service of services)
      if (up[service] !== undefined) this.#progress(service, `runs already at ${up[service].address}`)
    writeState(this.folder, this.state)
    const abort = new AbortController()
    const both = signal === undefined ? abort.signal : AbortSignal.any([signal, abort.signal])
    const results = await Promise.allSettled(
      missing.map(async service => {
        try {
          await this.#start(definitions[service], both, false)
        } catch (error) {
          abort.abort(error)
          throw error
        }
      }),
    )
    const failed = results.find(result => result.status === 'rejected')
    if (failed === undefined) return
    await Promise.all(missing.map(service => this.#stop(service)))
    throw abort.signal.reason ?? failed.reason
  }

  async stopAll(): Promise<void> {
    await Promise.all(
      Object.keys(runningServices(this.state)).map(service => this.#stop(service as ServiceName)),
    )
  }

  async restart(service: ServiceName): Promise<void> {
    await this.#stop(service)
    await this.#start(definitions[service], undefined, true)
  }

  async kill(service: ServiceName): Promise<void> {
    const server = runningServices(this.state)[service]
    if (server === undefined) return
    await killServer(server.process)
    this.#record(service, server, undefined)
  }

  #record(service: ServiceName, part: ServiceState, server: ProcessIdentity | undefined): void {
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
      }
    }
  }

  /** Only what passes by itself: a port somebody was quicker to take, the remains of a server that was killed. */
  #worthAnotherTry(service: ServiceName): boolean {
    return /address already in use|BindException|pre-existing shared memory|lock file .* already exists/i.test(
      lastLines(this.#log(service), 40),
    )
  }

  #log(service: ServiceName): string {
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
    const plan = { home, folder: join(this.folder, name), ports, options: this.#options[name] ?? {} }
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
  async #ports(definition: ServiceDefinition, same: boolean): Promise<Ports> {
    const kept = this.state.services[definition.name]?.ports
    if (kept === undefined) return freePorts(definition.portNames)
    for (const port of Object.values(kept)) {
      if (await portFree(port)) continue
      if (!same) return freePorts(definition.portNames)
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

  async #stop(service: ServiceName): Promise<void> {
    const server = runningServices(this.state)[service]
    if (server === undefined) return
    const orderly = await stopServer(server.process, definitions[service].stopSignal, stopTimeoutMs)
    if (orderly) definitions[service].stopped?.(join(this.folder, service))
    this.#record(service, server, undefined)
    this.#progress(service, orderly ? 'stopped' : 'did not stop in time and was killed')
  }
}

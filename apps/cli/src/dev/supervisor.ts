import { setTimeout as delay } from 'node:timers/promises'
import { HeadraceError } from '@headrace/errors'
import type { LogLine } from './log-tail.ts'
import { endedBy, type Ending } from './restart-policy.ts'
import { ServiceProcess, type ServiceStatus } from './service-process.ts'
import type { ServiceName, ServiceSpec } from './services.ts'

export interface SupervisorEvents {
  /** Something in `status` changed. */
  changed?(): void
  /** A service ended though nobody asked it to. */
  ended?(service: ServiceName, ending: Ending, restartInMs: number | undefined): void
  logged?(service: ServiceName, line: LogLine): void
}

const LOOK_MS = 250
/** Longer than the services' own deadline (libs/runtime), after which they end by themselves. */
const STOP_DEADLINE_MS = 30_000

/** Runs services as processes, starts them again after failures, and stops them all. */
export class Supervisor {
  readonly #services: ReadonlyMap<ServiceName, ServiceProcess>
  readonly #runs: Promise<void>[] = []
  readonly #stop = new AbortController()
  #failed: { readonly service: ServiceName; readonly ending: Ending } | undefined
  #rejectFailure: (error: HeadraceError) => void = () => undefined
  /** Rejects when a service ended in a way that starting it again cannot mend: with its own error code, else dev.service_ended. */
  readonly failure: Promise<never>

  constructor(specs: readonly ServiceSpec[], events: SupervisorEvents = {}) {
    this.failure = new Promise((_resolve, reject) => (this.#rejectFailure = reject))
    this.failure.catch(() => undefined)
    this.#services = new Map(
      specs.map(spec => {
        const process = new ServiceProcess(spec, {
          changed: () => events.changed?.(),
          logged: line => events.logged?.(spec.name, line),
          ended: (ending, restartInMs) => {
            events.ended?.(spec.name, ending, restartInMs)
            if (restartInMs === undefined) this.#fail(spec.name, ending)
          },
        })
        return [spec.name, process]
      }),
    )
  }

  start(): void {
    for (const service of this.#services.values()) this.#runs.push(service.run())
    for (const service of this.#services.values()) this.#runs.push(this.#watch(service))
  }

  status(): Readonly<Record<string, ServiceStatus>> {
    return Object.fromEntries([...this.#services].map(([name, service]) => [name, service.status]))
  }

  kill(service: ServiceName, signal: NodeJS.Signals): boolean {
    return this.#services.get(service)?.kill(signal) ?? false
  }

  /** Waits until every service is ready. Rejects as `failure` does, with dev.not_ready, or when `signal` fires. */
  async ready(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + timeoutMs
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    const waiting = async (): Promise<void> => {
      while (![...this.#services.values()].every(service => service.status.state === 'ready')) {
        if (performance.now() > deadline) throw this.#notReady(timeoutMs)
        await delay(50, undefined, { signal: either })
      }
    }
    try {
      await Promise.race([waiting(), this.failure])
    } finally {
      over.abort()
    }
  }

  /** Stops all services at once, last in the flow first; each drains. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#services.values()].reverse().map(service => service.stop(STOP_DEADLINE_MS)))
    await Promise.all(this.#runs)
  }

  /** Ends everything now (second Ctrl-C). */
  killAll(): void {
    this.#stop.abort()
    for (const service of this.#services.values()) {
      void service.stop(0)
      service.kill('SIGKILL')
    }
  }

  /** Each on its own: one that answers late keeps nobody waiting. */
  async #watch(service: ServiceProcess): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await service.look()
      await delay(LOOK_MS, undefined, { signal: this.#stop.signal }).catch(() => undefined)
    }
  }

  #fail(service: ServiceName, ending: Ending): void {
    if (this.#failed !== undefined) return
    this.#failed = { service, ending }
    const { lastError, logFile } = this.#services.get(service)!.status
    this.#rejectFailure(
      new HeadraceError(
        endedBy(ending) ?? 'dev.service_ended',
        `${service} ended with status ${ending.status} and cannot go on\n  ${lastError ?? 'it said nothing'}`,
        {
          where: logFile,
          hint: 'Mend what its last words name, then start again.',
        },
      ),
    )
  }

  #notReady(timeoutMs: number): HeadraceError {
    const waiting = [...this.#services.values()].filter(service => service.status.state !== 'ready')
    const lines = waiting.map(
      ({ spec, status }) =>
        `${spec.name}: ${status.state}${status.lastError === undefined ? '' : `, ${status.lastError}`} (${status.logFile})`,
    )
    return new HeadraceError(
      'dev.not_ready',
      `not ready after ${timeoutMs / 1000} s:\n  ${lines.join('\n  ')}`,
    )
  }
}

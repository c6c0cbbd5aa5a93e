import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { LogTail, type LogLine } from './log-tail.ts'
import { type Ending, HEALTHY_MS, isFinal, MOST_FAILED_STARTS, restartDelay } from './restart-policy.ts'
import type { ServiceSpec } from './services.ts'

export type ServiceState = 'starting' | 'ready' | 'waiting' | 'failed' | 'stopped'

export interface ServiceStatus {
  readonly state: ServiceState
  readonly pid: number | undefined
  /** Starts after the first one. */
  readonly restarts: number
  readonly url: string
  readonly logFile: string
  /** Last error line, for a person. */
  readonly lastError: string | undefined
}

export interface ServiceEvents {
  /** State or pid changed. */
  changed(): void
  ended(ending: Ending, restartInMs: number | undefined): void
  logged(line: LogLine): void
}

/** A service at work on a machine that has too much to do answers late, and is ready all the same. */
const HTTP_TIMEOUT_MS = 10_000

/** One service as a process: started, watched, started again after an end that may pass. */
export class ServiceProcess {
  readonly spec: ServiceSpec
  readonly #events: ServiceEvents
  readonly #tail: LogTail
  readonly #stop = new AbortController()
  #child: ChildProcess | undefined
  #exited: Promise<Ending> | undefined
  #state: ServiceState = 'stopped'
  #restarts = 0
  #wasReady = false
  #lastError: LogLine | undefined

  constructor(spec: ServiceSpec, events: ServiceEvents) {
    this.spec = spec
    this.#events = events
    this.#tail = new LogTail(spec.logFile)
  }

  get status(): ServiceStatus {
    return {
      state: this.#state,
      pid: this.#state === 'starting' || this.#state === 'ready' ? this.#child?.pid : undefined,
      restarts: this.#restarts,
      url: `http://127.0.0.1:${this.spec.port}`,
      logFile: this.spec.logFile,
      lastError: this.#lastError?.message,
    }
  }

  /** Runs the process, again and again, until `stop` or an end for good. Resolves then; never rejects. */
  async run(): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; failures++) {
      const startedAt = performance.now()
      const ending = await this.#once()
      if (this.#stop.signal.aborted) break
      if (performance.now() - startedAt >= HEALTHY_MS) failures = 0
      if (isFinal(ending) || this.#neverWorks(ending, failures + 1)) {
        this.#set('failed')
        this.#events.ended(ending, undefined)
        return
      }
      const waitMs = restartDelay(failures, Math.random())
      this.#set('waiting')
      this.#events.ended(ending, waitMs)
      await delay(waitMs, undefined, { signal: this.#stop.signal }).catch(() => undefined)
      this.#restarts++
    }
    this.#set('stopped')
  }

  /** Sends a signal to the process that runs now; false when none does. */
  kill(signal: NodeJS.Signals): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null && this.#child.kill(signal)
  }

  /** Drains (SIGTERM), kills after `deadlineMs`. Resolves when the process is gone. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stop.abort()
    if (!this.kill('SIGTERM')) return
    const hard = setTimeout(() => this.kill('SIGKILL'), deadlineMs)
    await this.#exited
    clearTimeout(hard)
  }

  /** Asks /readyz, reads new log lines. Called over and over by the supervisor. */
  async look(): Promise<void> {
    this.#readLog()
    const child = this.#child
    if (this.#state !== 'starting' && this.#state !== 'ready') return
    const ready = await this.#answersReady()
    // the process asked may be gone by now
    if (this.#child !== child || (this.#state !== 'starting' && this.#state !== 'ready')) return
    const next = ready ? 'ready' : 'starting'
    if (next !== this.#state) this.#set(next)
  }

  #neverWorks({ signal }: Ending, failures: number): boolean {
    return signal === null && !this.#wasReady && failures >= MOST_FAILED_STARTS
  }

  #set(state: ServiceState): void {
    if (state === 'ready') this.#wasReady = true
    this.#state = state
    this.#events.changed()
  }

  #readLog(): void {
    for (const line of this.#tail.read()) {
      if (line.level === 'error') this.#lastError = line
      this.#events.logged(line)
    }
  }

  async #once(): Promise<Ending> {
    // The log is the child's own file descriptor: it can still write its last words when we are gone.
    const log = openSync(this.spec.logFile, 'a')
    const child = spawn(this.spec.command, [...this.spec.args], {
      env: this.spec.env,
      // a group of its own: Ctrl-C in the terminal is for us, the services are drained by us
      detached: true,
      stdio: ['pipe', log, log],
    })
    closeSync(log)
    child.stdin?.on('error', () => undefined)
    this.#lastError = undefined
    this.#child = child
    this.#exited = new Promise(resolve => {
      child.once('error', error => {
        this.#lastError = { level: 'error', message: error.message, code: undefined, notice: undefined }
        resolve({ status: 70, signal: null, code: undefined })
      })
      child.once('exit', (status, signal) => {
        this.#readLog()
        resolve({ status, signal, code: this.#lastError?.code })
      })
    })
    this.#set('starting')
    return this.#exited
  }

  async #answersReady(): Promise<boolean> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.spec.port}/readyz`, {
        signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
      })
      await response.body?.cancel()
      return response.ok
    } catch {
      return false
    }
  }
}

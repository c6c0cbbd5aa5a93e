import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { nodeCommand } from './node-command.ts'

/** What `headrace dev --json` prints when everything is ready, and keeps in `<folder>/state.json`. */
export interface DevState {
  readonly pipeline: string
  readonly pid: number
  readonly folder: string
  readonly postgres: string
  readonly kafka: readonly string[]
  readonly elasticsearch: string
  /** Servers that were started by it. */
  readonly started: readonly string[]
  readonly search: string
  readonly views: readonly { readonly name: string; readonly plan: string }[]
  readonly services: Readonly<Record<string, DevService>>
}

export interface DevService {
  readonly state: 'starting' | 'ready' | 'waiting' | 'failed' | 'stopped'
  readonly pid?: number
  readonly restarts: number
  readonly url: string
  readonly logFile: string
  readonly lastError?: string
}

export interface DevOptions {
  readonly pipelineDir: string
  readonly args?: readonly string[]
  /** The whole environment; without it, ours. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Takes what it says to standard error meanwhile. */
  readonly note?: (text: string) => void
}

/** A `headrace dev` that was started by us; it also ends when we end, even by SIGKILL. */
export interface DevProcess {
  readonly pid: number
  /** Addresses, once everything is ready. Rejects when it ends before. */
  readonly ready: Promise<DevState>
  /** Exit status, null after a signal. */
  readonly exited: Promise<number | null>
  /** As it is now, from its folder; only after `ready`. */
  state(): DevState
  signal(signal: NodeJS.Signals): void
  /** Ctrl-C, then waits for its end. */
  stop(): Promise<number | null>
}

const ROOT = resolve(import.meta.dirname, '..', '..', '..')

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((found, ended) => {
    let text = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end >= 0) found(text.slice(0, end))
    })
    child.once('error', ended)
    child.once('exit', (status, signal) =>
      ended(new Error(`headrace dev ended with ${signal ?? status} before it was ready`)),
    )
  })

const parseReady = (line: string): DevState => {
  const parsed = JSON.parse(line) as DevState & {
    ready?: boolean
    error?: { code: string; message: string; hint?: string }
  }
  if (parsed.ready === true) return parsed
  throw new Error(parsed.error === undefined ? line : `${parsed.error.code}: ${parsed.error.message}`)
}

export const startDev = ({ pipelineDir, args = [], env, note = () => undefined }: DevOptions): DevProcess => {
  const { command, args: nodeArgs } = nodeCommand()
  const program = join(ROOT, 'apps', 'cli', 'src', 'main.ts')
  const child = spawn(
    command,
    [...nodeArgs, program, 'dev', pipelineDir, '--json', '--stop-with-stdin', ...args],
    {
      ...(env === undefined ? {} : { env }),
      // a group of its own: Ctrl-C in the terminal is for us, and we stop it
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  child.stdin?.on('error', () => undefined)
  child.stderr?.setEncoding('utf8').on('data', (text: string) => note(text.trimEnd()))
  const exited = new Promise<number | null>(resolve => {
    child.once('exit', status => resolve(status))
    child.once('error', () => resolve(null))
  })
  const ready = firstLine(child).then(parseReady)
  ready.catch(() => undefined)
  let folder: string | undefined
  void ready.then(state => (folder = state.folder)).catch(() => undefined)
  return {
    pid: child.pid ?? 0,
    ready,
    exited,
    state: () => JSON.parse(readFileSync(join(folder ?? '', 'state.json'), 'utf8')) as DevState,
    signal: signal => void child.kill(signal),
    stop: async () => {
      child.kill('SIGINT')
      return exited
    },
  }
}

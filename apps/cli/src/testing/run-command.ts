import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { nodeCommand } from '@headrace/testkit'

/** A program that hangs is killed before its test ends. */
const TIMEOUT_MS = 240_000

const ROOT = resolve(import.meta.dirname, '..', '..', '..', '..')

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Ended (SIGTERM) as soon as its output has this text. */
  readonly until?: string
}

/** Only what a process needs to run: no address of a backend comes from the test's own environment. */
const bareEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      name.startsWith('HEADRACE_') || value === undefined ? [] : [[name, value]],
    ),
  )

/** A program of the workspace as a process of its own, from its sources, to its end. */
export const runProgram = (file: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  new Promise((done, failed) => {
    const { command, args: nodeArgs } = nodeCommand()
    const child = spawn(command, [...nodeArgs, resolve(ROOT, file), ...args], {
      env: { ...bareEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let stdout = ''
    let stderr = ''
    let told = false
    const looked = (): void => {
      if (told || options.until === undefined || !`${stdout}${stderr}`.includes(options.until)) return
      // once: a second signal ends a service at once
      told = true
      child.kill('SIGTERM')
    }
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      looked()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      looked()
    })
    child.once('error', failed)
    child.once('close', status => done({ status, stdout, stderr }))
  })

/** `headrace ...` */
export const headrace = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  runProgram('apps/cli/src/main.ts', args, options)

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { nodeCommand } from '@headrace/testkit'

export interface Ended {
  readonly status: number | null
  readonly stdout: string
}

const PROGRAM = join(import.meta.dirname, '..', '..', 'cli', 'src', 'main.ts')

/** `headrace ...` to its end. What it says to standard error is shown. */
export const runHeadrace = (args: readonly string[]): Promise<Ended> =>
  new Promise((ended, failed) => {
    const { command, args: nodeArgs } = nodeCommand()
    const child = spawn(command, [...nodeArgs, PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.once('error', failed)
    child.once('close', status => ended({ status, stdout }))
  })

import { spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { HeadraceError } from '@headrace/errors'
import { identify, type ProcessIdentity, processTree, running, signalProcess } from './process-identity.ts'
import { type RunAs } from './run-as.ts'
import { type Launch } from './service.ts'

const pollMs = 25

/** The last lines of a log, for a person. */
export const lastLines = (log: string, count = 15): string => {
  try {
    return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-count).join('\n  ')
  } catch {
    return '(no log)'
  }
}

const startFailed = (subject: string, what: string, log: string): HeadraceError =>
  new HeadraceError('stack.start_failed', `${subject} ${what}. Its last lines:\n  ${lastLines(log)}`, {
    where: log,
  })

/** Keeps the log of the run before, and begins an empty one: a line of an earlier run must not pass for 'ready'. */
const rotate = (log: string): void => {
  if (existsSync(log) && statSync(log).size > 0) renameSync(log, `${log}.previous`)
}

/**
 * Starts a server in a group of its own (Ctrl-C in the terminal is for us, not for it) with its output in `log`.
 * The identity is known when this returns; whether it came up says `waitReady`.
 */
export const spawnServer = (
  launch: Launch,
  log: string,
  user: RunAs | undefined,
  subject: string,
): ProcessIdentity => {
  rotate(log)
  const out = openSync(log, 'w')
  try {
    const child = spawn(launch.command, launch.args, {
      cwd: launch.cwd,
      env: launch.env,
      detached: true,
      stdio: ['ignore', out, out],
      ...(user ?? {}),
    })
    child.once('error', () => undefined)
    child.unref()
    const identity = child.pid === undefined ? undefined : identify(child.pid)
    if (identity === undefined) throw startFailed(subject, 'could not be started', log)
    return identity
  } finally {
    closeSync(out)
  }
}

export interface ReadyOptions {
  readonly subject: string
  readonly log: string
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** Waits until the server answers; throws stack.start_failed with its last lines when it ends or takes too long. */
export const waitReady = async (
  server: ProcessIdentity,
  launch: Launch,
  options: ReadyOptions,
): Promise<void> => {
  const deadline = Date.now() + options.timeoutMs
  for (;;) {
    options.signal?.throwIfAborted()
    const logged = existsSync(options.log) ? readFileSync(options.log, 'utf8') : ''
    if (await launch.ready(logged)) return
    if (!running(server)) throw startFailed(options.subject, 'ended while it started', options.log)
    if (Date.now() > deadline)
      throw startFailed(options.subject, `was not ready after ${options.timeoutMs / 1000} s`, options.log)
    await delay(pollMs * 2)
  }
}

const ended = async (processes: readonly ProcessIdentity[], timeoutMs: number): Promise<boolean> => {
  const deadline = Date.now() + timeoutMs
  while (processes.some(running)) {
    if (Date.now() > deadline) return false
    await delay(pollMs)
  }
  return true
}

/** SIGKILL to the server and everything it started; returns when all of it is gone. */
export const killServer = async (server: ProcessIdentity): Promise<void> => {
  let tree = processTree(server)
  // again, because a process may have been started while we looked
  while (tree.length > 0) {
    for (const member of tree) signalProcess(member, 'SIGKILL')
    await ended(tree, 10_000)
    tree = tree.flatMap(processTree)
  }
}

/** Orderly stop, then SIGKILL to whatever is left after `timeoutMs`. True when it ended by itself. */
export const stopServer = async (
  server: ProcessIdentity,
  signal: NodeJS.Signals,
  timeoutMs: number,
): Promise<boolean> => {
  const tree = processTree(server)
  signalProcess(server, signal)
  const orderly = await ended(tree, timeoutMs)
  if (!orderly) for (const member of tree) await killServer(member)
  return orderly
}

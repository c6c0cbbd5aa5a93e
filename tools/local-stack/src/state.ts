import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ProcessIdentity, running } from './process-identity.ts'
import { type ServerName } from './versions.ts'

/** What a stack remembers about one of its servers. */
export interface ServiceState {
  readonly version: string
  /** Kept over restarts, so that clients find the server again. */
  readonly ports: Readonly<Record<string, number>>
  /** Undefined while it is stopped. */
  readonly process?: ProcessIdentity
  readonly address: string
}

/** `<stack folder>/state.json`: what another process needs to find, reuse or stop this stack. */
export interface StackState {
  readonly format: 1
  readonly name: string
  readonly dataDir: string
  /** Ends with the process that started it, and leaves no data. */
  readonly ephemeral: boolean
  /** Who started an ephemeral one. */
  readonly owner?: ProcessIdentity
  readonly services: Readonly<Partial<Record<ServerName, ServiceState>>>
}

const stateFile = (folder: string): string => join(folder, 'state.json')

export const readState = (folder: string): StackState | undefined => {
  try {
    const state = JSON.parse(readFileSync(stateFile(folder), 'utf8')) as StackState
    return state.format === 1 ? state : undefined
  } catch {
    return undefined
  }
}

/** Replaces the file in one step: a reader (or a crash) sees the old or the new one, never half of it. */
export const writeState = (folder: string, state: StackState): void => {
  mkdirSync(folder, { recursive: true })
  const next = `${stateFile(folder)}.${process.pid}`
  writeFileSync(next, `${JSON.stringify(state, undefined, 2)}\n`)
  renameSync(next, stateFile(folder))
}

/** The state with one server's part replaced. */
export const withService = (state: StackState, service: ServerName, part: ServiceState): StackState => ({
  ...state,
  services: { ...state.services, [service]: part },
})

/** The servers that really run: a pid that ended or now belongs to another process does not count. */
export const runningServices = (
  state: StackState,
): Partial<Record<ServerName, ServiceState & { process: ProcessIdentity }>> =>
  Object.fromEntries(
    Object.entries(state.services).filter(
      ([, service]) => service.process !== undefined && running(service.process),
    ),
  )

export const stackNames = (root: string): string[] => {
  try {
    return readdirSync(root, { withFileTypes: true })
      .filter(entry => entry.isDirectory() && readState(join(root, entry.name)) !== undefined)
      .map(entry => entry.name)
      .sort()
  } catch {
    return []
  }
}

export const removeFolder = (folder: string): void =>
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })

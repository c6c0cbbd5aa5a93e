import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { LmdbStore } from './lmdb-store.ts'
import { bootId as machineBootId } from './machine.ts'
import { takeOwnerLock } from './owner-lock.ts'
import type { Store } from './store.ts'

const STATE_FILE = 'state.json'
const DATA_FOLDER = 'data'

/** What a store belongs to: cluster, topic incarnations, plan, partition. Any difference makes another store of it. */
export type StoreIdentity = Readonly<Record<string, string>>

export interface OpenStoreOptions {
  /** A folder of its own per store; made when absent. */
  readonly folder: string
  readonly identity: StoreIdentity
  /** For tests. */
  readonly bootId?: string
}

/** Why a store begins empty, or that it goes on. */
export type StoreBeginning = 'kept' | 'new' | 'identity' | 'power-loss'

export interface OpenedStore {
  readonly store: Store
  readonly beginning: StoreBeginning
}

interface State {
  readonly identity: StoreIdentity
  readonly bootId: string
  readonly clean: boolean
}

/**
 * Opens the LMDB store of a folder under its lock (05 A13, A16). It is wiped when it belongs to something else, and
 * when it was not closed and the machine was started anew since: its pages may be torn.
 */
export const openStore = (options: OpenStoreOptions): OpenedStore => {
  const { folder, identity, bootId = machineBootId() } = options
  mkdirSync(folder, { recursive: true })
  const release = takeOwnerLock(folder)
  try {
    const data = join(folder, DATA_FOLDER)
    const beginning = judge(options, data, bootId)
    if (beginning !== 'kept') rmSync(data, { recursive: true, force: true })
    mkdirSync(data, { recursive: true })
    writeState(folder, { identity, bootId, clean: false })
    const store = new LmdbStore(data, () => {
      writeState(folder, { identity, bootId, clean: true })
      release()
    })
    return { store, beginning }
  } catch (error) {
    release()
    throw error
  }
}

const judge = ({ folder, identity }: OpenStoreOptions, data: string, bootId: string): StoreBeginning => {
  const state = readState(folder)
  if (state === undefined || !existsSync(data)) return 'new'
  if (!sameIdentity(state.identity, identity)) return 'identity'
  return !state.clean && state.bootId !== bootId ? 'power-loss' : 'kept'
}

const sameIdentity = (a: StoreIdentity, b: StoreIdentity): boolean => {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name])
}

const readState = (folder: string): State | undefined => {
  try {
    return JSON.parse(readFileSync(join(folder, STATE_FILE), 'utf8')) as State
  } catch {
    return undefined
  }
}

/** Synced, file and folder: the flag must be on disk before the first page that relies on it. */
const writeState = (folder: string, state: State): void => {
  const path = join(folder, STATE_FILE)
  const file = openSync(`${path}.new`, 'w')
  try {
    writeSync(file, JSON.stringify(state))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
  const directory = openSync(folder, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

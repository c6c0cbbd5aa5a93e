import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { bootId, processStart } from './machine.ts'

const LOCK_FILE = 'owner'

interface Owner {
  readonly pid: number
  /** Start time of the process, so that a number used again is not taken for the owner. */
  readonly start: string
  readonly bootId: string
}

/**
 * Keeps two processes out of one store (05 A16): a file that names its owner. An owner that no longer runs loses it.
 * Returns how to give it back. Processes that cannot see each other (other machines, other pid namespaces) must not
 * share a folder.
 */
export const takeOwnerLock = (folder: string): (() => void) => {
  const path = join(folder, LOCK_FILE)
  const mine: Owner = { pid: process.pid, start: processStart(process.pid) ?? '', bootId: bootId() }
  const text = JSON.stringify(mine)
  const draft = `${path}.${process.pid}`
  for (let attempt = 0; attempt < 10; attempt++) {
    writeFileSync(draft, text)
    try {
      linkSync(draft, path)
      return () => release(path, text)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft, { force: true })
    }
    dropStale(folder, path)
  }
  throw new HeadraceError('store.locked', 'the lock of a store could not be taken', { where: folder })
}

const dropStale = (folder: string, path: string): void => {
  const found = read(path)
  if (found === undefined) return
  const owner = parse(found)
  if (owner !== undefined && isAlive(owner)) {
    throw new HeadraceError('store.locked', `process ${owner.pid} has the store open`, { where: folder })
  }
  // moved away first: of several who judge it dead only one moves it, and a lock taken in between is put back
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  if (read(aside) !== found) {
    try {
      linkSync(aside, path)
    } catch {
      // somebody took it meanwhile
    }
  }
  rmSync(aside, { force: true })
}

const isAlive = (owner: Owner): boolean =>
  owner.bootId === bootId() &&
  processStart(owner.pid) !== undefined &&
  processStart(owner.pid) === owner.start

const release = (path: string, text: string): void => {
  if (read(path) === text) rmSync(path, { force: true })
}

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

const parse = (text: string): Owner | undefined => {
  try {
    return JSON.parse(text) as Owner
  } catch {
    return undefined
  }
}

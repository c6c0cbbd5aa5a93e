import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { identify, type ProcessIdentity, running } from './process-identity.ts'

const holder = (path: string): ProcessIdentity | undefined => {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity
  } catch {
    return undefined
  }
}

/** Moves a lock aside whose holder is dead, and puts it back if somebody alive took it in between. */
const removeStale = (path: string): void => {
  const aside = `${path}.stale-${process.pid}`
  try {
    renameSync(path, aside)
    const moved = holder(aside)
    if (moved !== undefined && running(moved)) linkSync(aside, path)
  } catch {
    // another process was faster
  }
  rmSync(aside, { force: true })
}

/**
 * Runs `work` while no other process runs work under the same path. A lock whose holder died is taken over.
 * The lock file appears with its content (link), so nobody reads half of it.
 */
export const withLock = async <T>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> => {
  mkdirSync(dirname(path), { recursive: true })
  const mine = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`
  writeFileSync(mine, JSON.stringify(identify(process.pid)))
  try {
    for (;;) {
      try {
        linkSync(mine, path)
        break
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        const other = holder(path)
        if (other === undefined || !running(other)) removeStale(path)
        else await delay(50, undefined, signal === undefined ? {} : { signal })
      }
    }
    try {
      return await work()
    } finally {
      rmSync(path, { force: true })
    }
  } finally {
    rmSync(mine, { force: true })
  }
}

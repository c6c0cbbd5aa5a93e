import { chmodSync, chownSync, lstatSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { readEnvironment } from './environment.ts'
import { type RunAs, runAs } from './run-as.ts'

/** Whether any user may pass through every folder above `path` (those that exist). */
export const traversable = (path: string): boolean => {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const stat = statSync(folder, { throwIfNoEntry: false })
    if (stat !== undefined && (stat.mode & 0o001) === 0) return false
    if (folder === dirname(folder)) return true
  }
}

/** Makes a folder, if it is not there, that others may look into whatever the umask is: root's servers run as another. */
export const readableFolder = (path: string): string => {
  if (mkdirSync(path, { recursive: true }) !== undefined) chmodSync(path, 0o755)
  return path
}

/** Makes a folder that is ours alone to write; refuses one that somebody else prepared (a shared tmp folder). */
const ownFolder = (path: string): string => {
  const stat = lstatSync(readableFolder(path))
  const uid = process.getuid?.()
  if (
    !stat.isDirectory() ||
    (uid !== undefined && stat.uid !== uid) ||
    (uid !== undefined && (stat.mode & 0o022) !== 0)
  ) {
    throw new HeadraceError(
      'stack.start_failed',
      'the cache folder belongs to somebody else or others may write to it',
      {
        where: path,
        hint: 'Remove it, or set XDG_CACHE_HOME to a folder of your own.',
      },
    )
  }
  return path
}

/**
 * The folder that holds downloads and stacks: `$XDG_CACHE_HOME/headrace`, by default `~/.cache/headrace`.
 * Root runs the servers as another user, which cannot pass a closed home folder: then it is a folder in the system's
 * temporary folder.
 */
export const cacheRoot = (user: RunAs | undefined = runAs()): string => {
  const preferred = join(readEnvironment().cacheHome ?? join(homedir(), '.cache'), 'headrace')
  if (user === undefined) return ownFolder(preferred)
  // asked again of what was made: a umask may have closed a folder above it
  if (traversable(preferred) && traversable(ownFolder(preferred))) return preferred
  return ownFolder(join(tmpdir(), `headrace-${process.getuid?.() ?? 0}`))
}

export const stacksRoot = (): string => readableFolder(join(cacheRoot(), 'stacks'))

/** Makes a folder that the servers may write to. Only they and we can look into it. */
export const serverFolder = (path: string, user: RunAs | undefined = runAs()): string => {
  mkdirSync(path, { recursive: true })
  chmodSync(path, 0o700)
  if (user !== undefined) chownSync(path, user.uid, user.gid)
  return path
}

/** Writes a file that only the servers and we can read. */
export const serverFile = (
  path: string,
  content: string | Buffer,
  user: RunAs | undefined = runAs(),
): void => {
  writeFileSync(path, content, { mode: 0o600 })
  if (user !== undefined) chownSync(path, user.uid, user.gid)
}

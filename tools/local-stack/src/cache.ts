import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheRoot } from './folders.ts'
import { removeFolder } from './state.ts'

const abandonedAfterMs = 24 * 3_600_000

/** What a fill left that was killed. No fill takes a day. */
const removeAbandoned = (parts: string): void => {
  for (const name of readdirSync(parts)) {
    const stat = statSync(join(parts, name), { throwIfNoEntry: false })
    if (stat !== undefined && Date.now() - stat.mtimeMs > abandonedAfterMs) removeFolder(join(parts, name))
  }
}

/** Whoever runs a server may read its files, whatever umask they were unpacked under. */
const openToReaders = (path: string): void => {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return
  const forOwner = stat.mode & 0o500
  chmodSync(path, stat.mode | (forOwner >> 3) | (forOwner >> 6))
  if (stat.isDirectory()) for (const name of readdirSync(path)) openToReaders(join(path, name))
}

/**
 * The folder `<cache>/<key>`, made by `fill` when it is not there. It appears complete or not at all: `fill` works in a
 * folder beside it that is renamed at the end, so two processes may fill at once (the first to finish wins) and a killed
 * one leaves nothing that counts.
 */
export const cached = async (
  key: string,
  fill: (folder: string) => Promise<void>,
  root: string = cacheRoot(),
): Promise<string> => {
  const folder = join(root, key)
  if (existsSync(folder)) return folder
  mkdirSync(dirname(folder), { recursive: true })
  const parts = join(root, 'parts')
  mkdirSync(parts, { recursive: true })
  removeAbandoned(parts)
  const beside = mkdtempSync(join(parts, 'fill-'))
  try {
    const content = join(beside, 'content')
    mkdirSync(content)
    await fill(content)
    openToReaders(content)
    try {
      renameSync(content, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error
    }
    return folder
  } finally {
    removeFolder(beside)
  }
}

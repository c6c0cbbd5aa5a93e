import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheRoot } from './folders.ts'
import { removeFolder } from './state.ts'

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
  const beside = mkdtempSync(join(parts, 'fill-'))
  try {
    const content = join(beside, 'content')
    mkdirSync(content)
    chmodSync(content, 0o755)
    await fill(content)
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

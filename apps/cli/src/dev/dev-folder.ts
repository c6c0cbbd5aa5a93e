import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HeadraceError } from '@headrace/errors'

/** Where one `headrace dev` keeps its logs, the services' data and its state for others to read. */
export interface DevFolder {
  readonly path: string
  /** Replaces state.json in one step. */
  writeState(state: object): void
  /** Gives the folder free; the services' data goes, the logs stay. */
  release(): void
}

const running = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const ownerOf = (lock: string): number | undefined => {
  try {
    return Number(readFileSync(lock, 'utf8'))
  } catch {
    return undefined
  }
}

const acquire = (lock: string, name: string): void => {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' })
      return
    } catch (error) {
      const owner = ownerOf(lock)
      if (owner !== undefined && running(owner)) {
        throw new HeadraceError('dev.already_running', `"${name}" runs already as process ${owner}`, {
          where: lock,
          hint: 'Stop it (Ctrl-C there), or give another --name.',
        })
      }
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      rmSync(lock, { force: true })
    }
  }
}

/** Takes the folder `<stateHome>/headrace/<name>`. Throws dev.already_running, dev.folder_unwritable. */
export const takeDevFolder = (stateHome: string, name: string): DevFolder => {
  const path = join(stateHome, 'headrace', name)
  const lock = join(path, 'lock')
  try {
    mkdirSync(path, { recursive: true })
    acquire(lock, name)
  } catch (error) {
    if (error instanceof HeadraceError) throw error
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new HeadraceError(
      'dev.folder_unwritable',
      `the folder for logs and state cannot be written: ${why}`,
      {
        where: path,
        cause: error,
      },
    )
  }
  // what a killed run left behind
  rmSync(join(path, 'data'), { recursive: true, force: true })
  rmSync(join(path, 'logs'), { recursive: true, force: true })
  mkdirSync(join(path, 'data'))
  mkdirSync(join(path, 'logs'))
  const stateFile = join(path, 'state.json')
  return {
    path,
    writeState: state => {
      writeFileSync(`${stateFile}.next`, `${JSON.stringify(state, undefined, 2)}\n`)
      renameSync(`${stateFile}.next`, stateFile)
    },
    release: () => {
      rmSync(join(path, 'data'), { recursive: true, force: true })
      rmSync(stateFile, { force: true })
      rmSync(lock, { force: true })
    },
  }
}

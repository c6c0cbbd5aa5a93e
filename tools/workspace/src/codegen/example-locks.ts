import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LOCK_FILE, lockContracts, type PipelineFiles } from '@headrace/pipeline'
import { workspaceRoot } from '../workspace-root.ts'

const filesOf = (folder: string): PipelineFiles => ({
  read: path => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined),
  list: path => (existsSync(join(folder, path)) ? readdirSync(join(folder, path)).sort() : []),
})

/** The locks of the examples, as `headrace contracts lock` writes them. */
export const generateExampleLocks = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(join(workspaceRoot, 'examples'))
      .map(example => join('examples', example, 'pipeline'))
      .filter(folder => existsSync(join(workspaceRoot, folder)))
      .map(folder => [join(folder, LOCK_FILE), lockContracts(filesOf(join(workspaceRoot, folder)))]),
  )

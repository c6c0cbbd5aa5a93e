import { existsSync } from 'node:fs'
import { join } from 'node:path'

export interface NodeCommand {
  readonly command: string
  /** Go before the program's path. */
  readonly args: string[]
}

/**
 * How a test starts a service from its sources: `spawn(command, [...args, 'apps/capture/src/main.ts'], ...)`. The Node
 * the workspace is written for, whichever one runs the test.
 */
export const nodeCommand = (): NodeCommand => {
  const packaged = join(
    import.meta.dirname,
    '..',
    '..',
    '..',
    'node_modules',
    `node-${process.platform}-${process.arch}`,
    'bin',
    'node',
  )
  return {
    command: existsSync(packaged) ? packaged : process.execPath,
    args: ['--conditions=@headrace/source', '--disable-warning=ExperimentalWarning'],
  }
}

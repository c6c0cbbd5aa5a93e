import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { workspaceRoot } from './workspace-root.ts'

// `npm run format [-- PATH ...]`
const paths = process.argv.slice(2)
const prettier = join(workspaceRoot, 'node_modules', 'prettier', 'bin', 'prettier.cjs')
const result = spawnSync(
  process.execPath,
  [prettier, '--write', '--log-level=warn', ...(paths.length === 0 ? ['.'] : paths)],
  {
    cwd: workspaceRoot,
    stdio: 'inherit',
  },
)
process.exitCode = result.status ?? 1

import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceRoot } from './workspace-root.ts'

// `npm run bench -- NAME [args]`: NAME.bench.ts in bench/ or beside what it measures; without a name, the list
const SUFFIX = '.bench.ts'
const files = globSync('{bench,apps/*}/src/**/*.bench.ts', { cwd: workspaceRoot }).sort()
const nameOf = (file: string): string => file.slice(file.lastIndexOf('/') + 1, -SUFFIX.length)
const [name, ...args] = process.argv.slice(2)
const found = files.find(file => nameOf(file) === name)

if (found === undefined) {
  process.stderr.write(
    `${name === undefined ? 'Name a benchmark' : `There is no benchmark "${name}"`}. There are: ${files.map(nameOf).join(', ') || 'none yet'}.\n`,
  )
  process.exit(64)
}
const { status } = spawnSync(process.execPath, [...process.execArgv, join(workspaceRoot, found), ...args], {
  stdio: 'inherit',
})
process.exit(status ?? 1)

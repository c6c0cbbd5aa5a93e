import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceRoot } from './workspace-root.ts'

// `npm run bench -- NAME [args]`: bench/**/NAME.bench.ts; without a name, the list
const SUFFIX = '.bench.ts'
const folder = join(workspaceRoot, 'bench')
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith(SUFFIX) && !file.includes('node_modules'))
  .sort()
const nameOf = (file: string): string => file.slice(file.lastIndexOf('/') + 1, -SUFFIX.length)
const [name, ...args] = process.argv.slice(2)
const found = files.find(file => nameOf(file) === name)

if (found === undefined) {
  process.stderr.write(
    `${name === undefined ? 'Name a benchmark' : `There is no benchmark "${name}"`}. There are: ${files.map(nameOf).join(', ') || 'none yet'}.\n`,
  )
  process.exit(64)
}
const { status } = spawnSync(process.execPath, [...process.execArgv, join(folder, found), ...args], {
  stdio: 'inherit',
})
process.exit(status ?? 1)

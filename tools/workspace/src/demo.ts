import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { workspaceRoot } from './workspace-root.ts'

// `npm run demo -- [EXAMPLE] [--once] [--json]`: examples/<EXAMPLE>/src/demo.ts with the other arguments
const examples = join(workspaceRoot, 'examples')
const known = readdirSync(examples).filter(name => existsSync(join(examples, name, 'src', 'demo.ts')))
const given = process.argv.slice(2)
const named = given[0] !== undefined && !given[0].startsWith('-')
const example = named ? given[0] : 'image-search'

if (example === undefined || !known.includes(example)) {
  process.stderr.write(`There is no example "${example}". There are: ${known.join(', ')}.\n`)
  process.exit(64)
}

const program = join(examples, example, 'src', 'demo.ts')
const child = spawn(process.execPath, [...process.execArgv, program, ...(named ? given.slice(1) : given)], {
  stdio: 'inherit',
})
// A terminal sends Ctrl-C to the whole group, so the child has it already; every other signal reaches only us.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.once('exit', (code, signal) =>
  process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal]),
)

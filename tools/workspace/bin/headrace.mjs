#!/usr/bin/env node
// `npx headrace ...` in the checkout: hands over to the Node the project is written for, which runs the command's sources.
// Installs nothing; `npm run demo` or `npm ci` does.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const packaged = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
const own = Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : undefined
const node = existsSync(packaged) ? packaged : own

if (node === undefined) {
  process.stderr.write('Node 24 was not found: run `npm ci` in the checkout first, or use Node >= 24.\n')
  process.exit(69)
}

const program = join(root, 'apps', 'cli', 'src', 'main.ts')
const child = spawn(
  node,
  [
    '--conditions=@headrace/source',
    '--disable-warning=ExperimentalWarning',
    program,
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
)
// A terminal sends Ctrl-C to the whole group, so the child has it already; every other signal reaches only us.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.once('error', error => {
  process.stderr.write(`headrace could not be started: ${error.message}\n`)
  process.exit(69)
})
child.once('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]))

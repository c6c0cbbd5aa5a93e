// Plain JavaScript for the Node this machine has (>= 20): checks it, installs what is missing, then hands over to the
// Node the project is written for. `node tools/workspace/run.mjs COMMAND [args]` runs tools/workspace/src/COMMAND.ts.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

const fail = message => {
  process.stderr.write(`${message}\n`)
  process.exit(69)
}

const major = version => Number(version.split('.')[0])

const packagesOf = file => JSON.parse(readFileSync(file, 'utf8')).packages

/**
 * Whether node_modules holds what package-lock.json says. npm writes down what it installed as its last step, so an
 * install that was killed does not count. Optional packages may be absent (another platform), but not differ.
 */
const installed = () => {
  const inside = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(inside)) return false
  const have = packagesOf(inside)
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true
    const found = have[path]
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true
    return wanted.link === true ? found.resolved === wanted.resolved : found.version === wanted.version
  })
}

const install = () => {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const version = spawnSync(npm, ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' })
  if (version.status !== 0) fail('npm was not found in PATH; it comes with Node (https://nodejs.org).')
  if (major(version.stdout) < 10) fail(`npm ${version.stdout.trim()} is too old; npm >= 10 is needed.`)
  process.stderr.write('Installing packages (npm ci) ...\n')
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    // standard output belongs to the command's own result
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (result.status !== 0)
    fail('npm ci failed; its messages are above. Run the same command again when it is mended.')
}

/** Node 24 from the packages; the own one where it is new enough (there is no such package for macOS or Windows). */
const findNode = () => {
  const packaged = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  if (existsSync(packaged)) return packaged
  if (major(process.versions.node) >= 24) return process.execPath
  return fail(
    `There is no Node 24 package for ${process.platform} ${process.arch}: install Node >= 24 and run this with it.`,
  )
}

const [command, ...args] = process.argv.slice(2)
if (major(process.versions.node) < 20) fail(`Node ${process.versions.node} is too old; Node >= 20 is needed.`)
const program = join(root, 'tools', 'workspace', 'src', `${command}.ts`)
if (command === undefined || !/^[a-z][a-z-]*$/.test(command) || !existsSync(program))
  fail(`There is no command "${command ?? ''}" in tools/workspace/src.`)
if (!installed()) install()

const child = spawn(
  findNode(),
  ['--conditions=@headrace/source', '--disable-warning=ExperimentalWarning', program, ...args],
  {
    stdio: 'inherit',
  },
)
// A terminal sends Ctrl-C to the whole group, so the child has it already; every other signal reaches only us.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.once('error', error => fail(`${command} could not be started: ${error.message}`))
child.once('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]))

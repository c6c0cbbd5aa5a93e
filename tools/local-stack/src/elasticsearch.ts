import { chmodSync, copyFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readLock } from './artifacts.ts'
import { cached } from './cache.ts'
import { serverFile, serverFolder } from './folders.ts'
import { fetchLocked } from './maven.ts'
import { type Launch, type ServerPlan, type ServiceDefinition, type Surroundings } from './service.ts'
import { removeFolder } from './state.ts'
import { versions } from './versions.ts'
import { unpackZip } from './zip.ts'

const version = versions.elasticsearch

const install = async (surroundings: Surroundings): Promise<string> => {
  await surroundings.java()
  const folder = await cached(`elasticsearch-${version}`, async target => {
    const download = join(target, 'download')
    await fetchLocked(readLock(`elasticsearch-${version}`), download, {
      ...surroundings,
      subject: 'elasticsearch',
    })
    surroundings.progress('elasticsearch', 'unpacking')
    unpackZip(join(download, `elasticsearch-${version}.zip`), target)
    removeFolder(download)
    const bin = join(target, `elasticsearch-${version}`, 'bin')
    for (const name of readdirSync(bin)) chmodSync(join(bin, name), 0o755)
  })
  return join(folder, `elasticsearch-${version}`)
}

const serverSettings = (plan: ServerPlan): Record<string, string> => ({
  'cluster.name': 'headrace',
  'node.name': 'local',
  'discovery.type': 'single-node',
  'network.host': '127.0.0.1',
  'http.port': String(plan.ports['http']),
  'transport.port': String(plan.ports['transport']),
  'path.data': join(plan.folder, 'data'),
  'path.logs': join(plan.folder, 'logs'),
  'xpack.security.enabled': 'false',
  'cluster.routing.allocation.disk.threshold_enabled': 'false',
  ...plan.options.settings,
})

/**
 * Our own options in place of the distribution's: those write a collector log into the program folder, which all stacks
 * share, and spend start-up time on the optimising compiler.
 */
const jvmOptions = (plan: ServerPlan, heap: string): string =>
  [
    `-Xms${heap}`,
    `-Xmx${heap}`,
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    `-Djava.io.tmpdir=${join(plan.folder, 'tmp')}`,
    '-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1',
    '-XX:+ExitOnOutOfMemoryError',
    `-XX:ErrorFile=${join(plan.folder, 'logs', 'hs_err_pid%p.log')}`,
    '',
  ].join('\n')

const healthy = async (port: number | undefined): Promise<boolean> => {
  try {
    const response = await fetch(
      `http://127.0.0.1:${port}/_cluster/health?wait_for_status=yellow&timeout=1s`,
      { signal: AbortSignal.timeout(5_000) },
    )
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

const prepare = async (plan: ServerPlan, surroundings: Surroundings): Promise<Launch> => {
  const java = await surroundings.java()
  const { user } = surroundings
  serverFolder(plan.folder, user)
  for (const name of ['data', 'logs', 'tmp', 'config']) serverFolder(join(plan.folder, name), user)
  const config = join(plan.folder, 'config')
  const yaml = Object.entries(serverSettings(plan)).map(
    ([name, value]) => `${name}: ${JSON.stringify(value)}\n`,
  )
  serverFile(join(config, 'elasticsearch.yml'), yaml.join(''), user)
  serverFile(join(config, 'jvm.options'), jvmOptions(plan, plan.options.heap ?? '512m'), user)
  copyFileSync(join(plan.home, 'config', 'log4j2.properties'), join(config, 'log4j2.properties'))
  chmodSync(join(config, 'log4j2.properties'), 0o644)
  return {
    command: join(plan.home, 'bin', 'elasticsearch'),
    args: [],
    env: {
      PATH: '/usr/bin:/bin',
      HOME: plan.folder,
      LC_ALL: 'C.UTF-8',
      ES_JAVA_HOME: java.home,
      ES_PATH_CONF: config,
      ES_TMPDIR: join(plan.folder, 'tmp'),
      CLI_JAVA_OPTS: '-XX:TieredStopAtLevel=1',
    },
    cwd: plan.folder,
    ready: () => healthy(plan.ports['http']),
  }
}

export const elasticsearch: ServiceDefinition = {
  name: 'elasticsearch',
  version,
  portNames: ['http', 'transport'],
  stopSignal: 'SIGTERM',
  install,
  prepare,
  address: ports => `http://127.0.0.1:${ports['http']}`,
}

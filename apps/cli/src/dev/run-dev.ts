import { join, resolve } from 'node:path'
import { loadPipeline, LOCK_FILE, lockContracts, type Pipeline } from '@headrace/pipeline'
import { prepareSource, requireFit } from '@headrace/postgres'
import { ComponentScope, readPipelineFolder } from '@headrace/runtime'
import { writeLock } from '../commands/contracts.ts'
import { applyPipelineTopics } from '../commands/topics.ts'
import type { Context } from '../output.ts'
import { inspectSource, sourceWish } from '../source/inspect-source.ts'
import { type BackendOptions, type Backends, startBackends } from './backends.ts'
import { type DevFolder, takeDevFolder } from './dev-folder.ts'
import { DevScreen } from './dev-screen.ts'
import { freePorts } from './free-ports.ts'
import { checkInitFiles, runInitSql } from './init-sql.ts'
import { SERVICE_NAMES, type ServiceName, type ServiceSpec, serviceSpecs } from './services.ts'
import { stopSignals } from './stop-signals.ts'
import { Supervisor } from './supervisor.ts'

export interface DevOptions extends BackendOptions {
  readonly init: readonly string[]
  readonly name?: string
  readonly stopWithStdin?: boolean
}

const READY_TIMEOUT_MS = 180_000
const ROOT = resolve(import.meta.dirname, '..', '..', '..', '..')

/** Checks the folder as it is with a lock that fits. */
const load = (dir: string): Pipeline => {
  const files = readPipelineFolder(dir)
  const lock = lockContracts(files)
  return loadPipeline({ ...files, read: path => (path === LOCK_FILE ? lock : files.read(path)) })
}

/** A missing or stale lock is written, so that a new field needs no second command. */
const lock = (dir: string, screen: DevScreen): void => {
  const { file, changed } = writeLock(dir)
  if (changed) screen.step(`${file} written: commit it`)
}

const portsOfServices = async (): Promise<Readonly<Record<ServiceName, number>>> => {
  const ports = await freePorts(SERVICE_NAMES.length)
  return Object.fromEntries(SERVICE_NAMES.map((name, at) => [name, ports[at]])) as Record<ServiceName, number>
}

const withoutPassword = (url: string): string => {
  const parsed = new URL(url)
  parsed.password = ''
  return parsed.href
}

/** What --json prints when ready and state.json always holds. */
const stateOf = (
  pipeline: Pipeline,
  backends: Backends,
  folder: DevFolder,
  supervisor: Supervisor,
): object => ({
  pipeline: pipeline.name,
  pid: process.pid,
  folder: folder.path,
  postgres: withoutPassword(backends.postgresUrl),
  kafka: backends.kafkaBrokers,
  elasticsearch: backends.elasticsearchUrl,
  started: backends.started,
  search: supervisor.status()['search']?.url,
  views: [...pipeline.views.values()].map(({ name, plan }) => ({ name, plan })),
  services: supervisor.status(),
})

/** Sets up the publication and looks at the database: what only a person can mend ends the command before services start. */
const prepareSources = async (pipeline: Pipeline, url: string, screen: DevScreen): Promise<void> => {
  const connection = { url, applicationName: 'headrace-dev' }
  for (const source of pipeline.sources) {
    // without the right to do so, the check says what to run
    await prepareSource(connection, sourceWish(pipeline, source)).catch(() => [])
    const { problems, differences } = await inspectSource(connection, pipeline, source)
    requireFit(source.name, problems)
    for (const { what, todo } of differences) screen.problem(`source ${source.name}`, `${what}\n    ${todo}`)
  }
}

/** Everything before the services: servers, tables, publication, topics. */
const prepare = async (
  pipeline: Pipeline,
  backends: Backends,
  options: DevOptions,
  screen: DevScreen,
  context: Context,
): Promise<void> => {
  if (options.init.length > 0) screen.step(`running ${options.init.join(', ')}`)
  await runInitSql(backends.postgresUrl, options.init)
  await prepareSources(pipeline, backends.postgresUrl, screen)
  const { created, marked } = await applyPipelineTopics(pipeline, backends.kafkaBrokers, context)
  screen.step(created.length === 0 && marked === 0 ? 'topics are there' : `${created.length} topics made`)
}

const supervise = (specs: readonly ServiceSpec[], screen: DevScreen, changed: () => void): Supervisor =>
  new Supervisor(specs, {
    changed,
    logged: (service, line) => {
      if (line.level === 'error') screen.problem(service, line.message)
      else if (line.notice !== undefined) screen.notice(line.notice)
    },
    ended: (service, { status, signal }, restartInMs) => {
      const how = signal === null ? `ended with status ${status}` : `was ended by ${signal}`
      screen.problem(
        service,
        restartInMs === undefined ? how : `${how}; starting it again in ${restartInMs} ms`,
      )
    },
  })

/** Resolves when the signal fires, rejects with a service's failure. */
const untilStopped = (signal: AbortSignal, supervisor: Supervisor): Promise<void> => {
  const stopped = new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  return Promise.race([stopped, supervisor.failure])
}

const session = async (
  context: Context,
  dir: string,
  options: DevOptions,
  scope: ComponentScope,
  stop: { readonly signal: AbortSignal; onHardEnd: () => void },
): Promise<void> => {
  const { config, out } = context
  const screen = new DevScreen(out)
  checkInitFiles(options.init)
  const pipeline = load(dir)
  const name = options.name ?? pipeline.name
  const folder = takeDevFolder(config.stateHome, name)
  scope.onStop('folder', async () => folder.release())
  lock(dir, screen)
  screen.step(`logs are in ${join(folder.path, 'logs')}`)
  const backends = await startBackends(options, context, {
    name,
    say: text => screen.step(text),
    signal: stop.signal,
  })
  scope.onStop('backends', () => backends.stop())
  await prepare(pipeline, backends, options, screen, context)
  stop.signal.throwIfAborted()
  const { inherited, logLevel } = config
  const ports = await portsOfServices()
  const specs = serviceSpecs({
    root: ROOT,
    pipelineDir: resolve(dir),
    folder: folder.path,
    ports,
    logLevel,
    inherited,
    ...backends,
  })
  const supervisor: Supervisor = supervise(specs, screen, () =>
    folder.writeState(stateOf(pipeline, backends, folder, supervisor)),
  )
  stop.onHardEnd = () => supervisor.killAll()
  scope.onStop('screen', async () => screen.close())
  scope.onStop('services', async () => {
    screen.stopping()
    await supervisor.stop()
  })
  supervisor.start()
  await supervisor.ready(READY_TIMEOUT_MS, stop.signal)
  out.value({ ready: true, ...stateOf(pipeline, backends, folder, supervisor) })
  const views = [...pipeline.views.keys()]
  screen.ready(backends, supervisor.status(), views)
  screen.follow(views, supervisor)
  await untilStopped(stop.signal, supervisor)
}

/** `headrace dev`: runs until a signal; whatever was started is stopped again, whatever happens. */
export const runDev = async (context: Context, dir: string, options: DevOptions): Promise<void> => {
  const stop = { onHardEnd: (): void => undefined }
  const signals = stopSignals(() => stop.onHardEnd(), options.stopWithStdin === true)
  const scope = new ComponentScope()
  try {
    await session(context, dir, options, scope, {
      signal: signals.signal,
      set onHardEnd(run: () => void) {
        stop.onHardEnd = run
      },
    })
  } catch (error) {
    // stopped while starting: that is no failure
    if (!signals.signal.aborted) throw error
  } finally {
    await scope.stop()
    signals.release()
  }
}

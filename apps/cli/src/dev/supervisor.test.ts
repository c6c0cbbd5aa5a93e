import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { nodeCommand, waitFor } from '@headrace/testkit'
import { freePorts } from './free-ports.ts'
import { MOST_FAILED_STARTS } from './restart-policy.ts'
import type { ServiceSpec } from './services.ts'
import { Supervisor, type SupervisorEvents } from './supervisor.ts'

// a service that is ready at once, drains on SIGTERM and says so; its port may be taken for a while by a client of somebody else
const SERVICE = `
import { createServer } from 'node:http'
process.on('SIGTERM', () => { console.log(JSON.stringify({ level: 'info', msg: 'drained' })); process.exit(0) })
const server = createServer((_request, response) => response.end('ok'))
const listen = () => server.listen(Number(process.env.PORT), '127.0.0.1')
server.on('error', () => setTimeout(listen, 100))
listen()
`
const FAILING = `
console.log(JSON.stringify({ level: 'error', code: 'config.invalid', msg: 'config.invalid: X is not set' }))
process.exit(78)
`

/** Comes up, falls when it is told to (SIGUSR2), ends as often as a service that never comes up may, and comes up again. */
const FALLING = `
import { appendFileSync, readFileSync } from 'node:fs'
appendFileSync(process.env.STARTS, '.')
const starts = readFileSync(process.env.STARTS, 'utf8').length
if (starts > 1 && starts <= ${MOST_FAILED_STARTS + 1}) {
  console.log(JSON.stringify({ level: 'error', code: 'kafka.unreachable', msg: 'kafka.unreachable: away' }))
  process.exit(85)
}
${SERVICE}
process.on('SIGUSR2', () => process.exit(75))
`

/** Several starts with pauses in between, on a busy machine. */
const READY_MS = 180_000

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('Supervisor', () => {
  let folder = ''
  let running: Supervisor | undefined
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'headrace-supervisor-'))
  })
  afterEach(async () => {
    await running?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const specFor = async (program: string): Promise<ServiceSpec> => {
    const file = join(folder, 'service.mjs')
    writeFileSync(file, program)
    const [port = 0] = await freePorts(1)
    const { command } = nodeCommand()
    const env = { PATH: process.env['PATH'], PORT: String(port), STARTS: join(folder, 'starts') }
    return {
      name: 'capture',
      command,
      args: [`--import=${join(__dirname, 'end-with-parent.ts')}`, file],
      env,
      port,
      logFile: join(folder, 'log'),
    }
  }

  const start = async (program: string, events: SupervisorEvents = {}): Promise<Supervisor> => {
    running = new Supervisor([await specFor(program)], events)
    running.start()
    return running
  }

  it('drains a service on stop and leaves no process', async () => {
    const supervisor = await start(SERVICE)
    await supervisor.ready(READY_MS, new AbortController().signal)
    const pid = supervisor.status()['capture']?.pid ?? 0
    await supervisor.stop()
    expect(alive(pid)).toBe(false)
    expect(readFileSync(join(folder, 'log'), 'utf8')).toContain('drained')
    expect(supervisor.status()['capture']).toMatchObject({ state: 'stopped', restarts: 0 })
  })

  it('starts a killed service again', async () => {
    const endings: string[] = []
    const supervisor = await start(SERVICE, { ended: (_service, { signal }) => endings.push(String(signal)) })
    await supervisor.ready(READY_MS, new AbortController().signal)
    const first = supervisor.status()['capture']?.pid
    expect(supervisor.kill('capture', 'SIGKILL')).toBe(true)
    await waitFor(
      () =>
        supervisor.status()['capture']?.restarts === 1 && supervisor.status()['capture']?.state === 'ready',
      {
        what: 'the second start',
      },
    )
    expect(supervisor.status()['capture']?.pid).not.toBe(first)
    expect(endings).toEqual(['SIGKILL'])
  })

  it('gives up on what only a person can mend, with its last words', async () => {
    const supervisor = await start(FAILING)
    await expect(supervisor.ready(READY_MS, new AbortController().signal)).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining('X is not set') as unknown,
    })
    expect(supervisor.status()['capture']?.state).toBe('failed')
  })

  it('gives up on a service that never comes up', async () => {
    const supervisor = await start(`throw new TypeError('the code is broken')`)
    await expect(supervisor.ready(READY_MS, new AbortController().signal)).rejects.toMatchObject({
      code: 'dev.service_ended',
      message: expect.stringContaining('TypeError: the code is broken') as unknown,
    })
  })

  it('never gives up on a service that came up once and ends over and over in an outage', async () => {
    const supervisor = await start(FALLING)
    await supervisor.ready(READY_MS, new AbortController().signal)
    expect(supervisor.kill('capture', 'SIGUSR2')).toBe(true)
    const back = async (): Promise<boolean> => {
      const { restarts = 0, state } = supervisor.status()['capture'] ?? {}
      return restarts > MOST_FAILED_STARTS && state === 'ready'
    }
    await Promise.race([
      waitFor(back, { what: 'the service to be back', timeoutMs: READY_MS, everyMs: 100 }),
      supervisor.failure,
    ])
  })

  it('leaves nothing behind when the supervising process is killed', async () => {
    const spec = await specFor(SERVICE)
    const parent = join(folder, 'parent.ts')
    writeFileSync(
      parent,
      `import { Supervisor } from ${JSON.stringify(join(__dirname, 'supervisor.ts'))}
const supervisor = new Supervisor([${JSON.stringify(spec)}])
supervisor.start()
await supervisor.ready(${READY_MS}, new AbortController().signal)
console.log(supervisor.status().capture.pid)
`,
    )
    const { command, args } = nodeCommand()
    const child = spawn(command, [...args, parent], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = Number(
      await new Promise<string>(resolve => child.stdout.setEncoding('utf8').once('data', resolve)),
    )
    expect(alive(pid)).toBe(true)
    child.kill('SIGKILL')
    await waitFor(() => !alive(pid), { what: 'the end of the orphan' })
    expect(readFileSync(join(folder, 'log'), 'utf8')).toContain('drained')
  })
})

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freeWithin } from './ports.ts'
import { identify, type ProcessIdentity, processTree, running } from './process-identity.ts'
import { type Stack, stackStatus, startStack, stopStack } from './stack.ts'
import { readState, type StackState } from './state.ts'
import { serviceNames } from './versions.ts'

// Starts servers of its own: that addresses are given must not replace them.
const given = ['HEADRACE_POSTGRES_URL', 'HEADRACE_KAFKA_BROKERS', 'HEADRACE_ELASTICSEARCH_URL'] as const
const before = given.map(name => [name, process.env[name]] as const)
beforeAll(() => {
  for (const name of given) delete process.env[name]
})
afterAll(() => {
  for (const [name, value] of before) if (value !== undefined) process.env[name] = value
})

/** Sends bytes and gives the first answer. */
const ask = (port: number, bytes: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(bytes))
    socket.once('data', data => {
      resolve(data)
      socket.destroy()
    })
    socket.once('error', reject)
  })

/** ApiVersions v0: the correlation id comes back, followed by error 0. */
const kafkaAnswers = async (port: number): Promise<boolean> => {
  const answer = await ask(port, Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0, 0]))
  return answer.readInt32BE(4) === 7 && answer.readInt16BE(8) === 0
}

/** A start-up message of protocol 3.0 for user postgres; trust answers with "R", authentication ok. */
const postgresAnswers = async (port: number): Promise<boolean> => {
  const text = Buffer.from('user\0postgres\0database\0postgres\0\0')
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + text.length, 0)
  head.writeInt32BE(196_608, 4)
  const answer = await ask(port, Buffer.concat([head, text]))
  return answer.toString('latin1', 0, 1) === 'R' && answer.readInt32BE(5) === 0
}

const elasticsearchVersion = async (url: string): Promise<unknown> => {
  const answer = (await (await fetch(`${url}/_nodes/_local`)).json()) as {
    nodes: Record<string, { version: string }>
  }
  return Object.values(answer.nodes)[0]?.version
}

const portOf = (address: string | undefined): number =>
  Number(/:(\d+)(?:\/|$)/.exec(address?.replace(/^\w+:\/\//, '') ?? '')?.[1])

/** The last thread of a killed server holds its sockets a moment longer than the process seems to live. */
const RELEASE_MS = 60_000

const eventually = async (condition: () => boolean, what: string): Promise<void> => {
  const deadline = Date.now() + 120_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`in vain: ${what}`)
    await delay(25)
  }
}

const statesOf = (stack: Stack): StackState => {
  const state = readState(stack.folder)
  if (state === undefined) throw new Error('no state file')
  return state
}

const processesOf = (state: StackState): ProcessIdentity[] =>
  Object.values(state.services).flatMap(service =>
    service.process === undefined ? [] : processTree(service.process),
  )

const nothingLeft = async (state: StackState, processes: readonly ProcessIdentity[]): Promise<void> => {
  expect(processes.filter(running)).toEqual([])
  for (const service of Object.values(state.services)) {
    for (const port of Object.values(service.ports)) expect(await freeWithin(port, RELEASE_MS)).toBe(true)
  }
}

describe('a stack', () => {
  it('starts, answers, survives restarts and kills, and leaves nothing', async () => {
    const stack = await startStack({ ephemeral: true })
    try {
      const state = statesOf(stack)
      const processes = processesOf(state)
      expect(Object.keys(stack.pids).sort()).toEqual([...serviceNames].sort())
      expect(await postgresAnswers(portOf(stack.postgresUrl))).toBe(true)
      expect(await kafkaAnswers(portOf(stack.kafkaBrokers[0]))).toBe(true)
      expect(await elasticsearchVersion(stack.elasticsearchUrl)).toBe('8.19.9')

      const kafkaBefore = stack.pids.kafka
      const { addresses } = stack
      await stack.restart('kafka')
      expect(stack.pids.kafka).not.toBe(kafkaBefore)
      expect(await kafkaAnswers(portOf(stack.kafkaBrokers[0]))).toBe(true)

      await stack.kill('postgres')
      expect(stack.pids.postgres).toBeUndefined()
      expect(await freeWithin(portOf(stack.postgresUrl), RELEASE_MS)).toBe(true)
      await stack.restart('postgres')
      expect(await postgresAnswers(portOf(stack.postgresUrl))).toBe(true)
      expect(stack.addresses).toEqual(addresses)

      const last = processesOf(statesOf(stack))
      await stack.stop()
      expect(existsSync(stack.folder)).toBe(false)
      await nothingLeft(state, [...processes, ...last])
    } finally {
      await stack.stop()
    }
  }, 900_000)

  it('is shared by those who start the same name, also after a server of it died', async () => {
    const name = `test-${process.pid}`
    try {
      const [first, second] = await Promise.all([
        startStack({ name, services: ['postgres'] }),
        startStack({ name, services: ['postgres'] }),
      ])
      expect(second.pids).toEqual(first.pids)
      expect(second.postgresUrl).toBe(first.postgresUrl)
      const server = identify(first.pids.postgres ?? 0)
      process.kill(first.pids.postgres ?? 0, 'SIGKILL')
      await eventually(() => server === undefined || !running(server), 'the end of the server')
      expect(stackStatus(name)?.services.postgres).toMatchObject({ running: false })
      const third = await startStack({ name, services: ['postgres'] })
      expect(third.postgresUrl).toBe(first.postgresUrl)
      expect(await postgresAnswers(portOf(third.postgresUrl))).toBe(true)
    } finally {
      expect(await stopStack(name, { wipe: true })).toBe(true)
    }
    expect(stackStatus(name)).toBeUndefined()
  })

  it('ends with the process that started it, even when that one is killed', async () => {
    const program = `
      const { startStack } = await import(${JSON.stringify(join(import.meta.dirname, 'stack.ts'))})
      const stack = await startStack({ own: true, ephemeral: true, services: ['postgres'] })
      console.log(JSON.stringify({ folder: stack.folder, pid: stack.pids.postgres }))
      setInterval(() => undefined, 1e6)`
    const args = [
      '--conditions=@headrace/source',
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      program,
    ]
    const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const line = await new Promise<string>(resolve =>
        owner.stdout.once('data', data => resolve(String(data))),
      )
      const { folder, pid } = JSON.parse(line) as { folder: string; pid: number }
      const server = identify(pid)
      if (server === undefined) throw new Error('the server is not found')
      const processes = processTree(server)
      expect(processes.length).toBeGreaterThan(1)
      owner.kill('SIGKILL')
      await eventually(() => !processes.some(running) && !existsSync(folder), 'the end of the stack')
    } finally {
      owner.kill('SIGKILL')
    }
  })

  it('stops the others when one cannot start, and says why with the last lines of its log', async () => {
    const failing = startStack({
      ephemeral: true,
      services: ['postgres', 'kafka'],
      options: { postgres: { settings: { wal_level: 'nonsense' } } },
    })
    await expect(failing).rejects.toMatchObject({
      code: 'stack.start_failed',
      message: expect.stringMatching(/invalid value for parameter "wal_level"/),
    })
  })
})

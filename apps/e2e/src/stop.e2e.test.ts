import { describe, expect, it } from '@jest/globals'
import { type DevState, nodeCommand, waitFor } from '@headrace/testkit'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Chain, DEV_START_MS, startChain } from './chain.ts'
import { imageSearch } from './examples.ts'

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('headrace dev', () => {
  const start = async (): Promise<{
    chain: Chain<unknown>
    pids: readonly number[]
  }> => {
    const chain = await startChain(imageSearch, { prefix: 'stop', size: 0 })
    const pids = Object.values(chain.dev.state().services).map(({ pid }) => pid ?? 0)
    expect(pids).toHaveLength(5)
    expect(pids.every(pid => pid > 0 && alive(pid))).toBe(true)
    return { chain, pids }
  }

  it(
    'leaves no process after Ctrl-C and ends with status 0',
    async () => {
      const { chain, pids } = await start()
      expect(await chain.stop()).toBe(0)
      expect(pids.filter(alive)).toEqual([])
      expect(alive(chain.dev.pid)).toBe(false)
    },
    DEV_START_MS,
  )

  it(
    'leaves no process when it is killed itself',
    async () => {
      const { chain, pids } = await start()
      chain.dev.signal('SIGKILL')
      await waitFor(() => pids.every(pid => !alive(pid)), { what: 'all services to end', timeoutMs: 120_000 })
      await chain.stop()
    },
    DEV_START_MS,
  )

  it(
    'still stops in order when its driver is killed while a service hangs',
    async () => {
      const { command, args } = nodeCommand()
      const driver = spawn(command, [...args, join(__dirname, 'testing', 'drive-dev.ts')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const { pid: devPid, services } = JSON.parse(
        await new Promise<string>((resolve, reject) => {
          driver.stdout.setEncoding('utf8').once('data', resolve)
          driver.once('exit', status => reject(new Error(`the driver ended with ${status}`)))
        }),
      ) as DevState
      const pids = [devPid, ...Object.values(services).map(({ pid }) => pid ?? 0)]
      expect(pids.every(alive)).toBe(true)
      // it cannot drain: dev has to be alive still to kill it at the deadline
      process.kill(services['aggregator']?.pid ?? 0, 'SIGSTOP')
      driver.kill('SIGKILL')
      await waitFor(() => pids.every(pid => !alive(pid)), { what: 'everything to end', timeoutMs: 180_000 })
    },
    DEV_START_MS,
  )
})

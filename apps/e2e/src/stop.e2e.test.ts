import { describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { DEV_START_MS, startChain } from './chain.ts'

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
    chain: Awaited<ReturnType<typeof startChain>>
    pids: readonly number[]
  }> => {
    const chain = await startChain('stop', 0)
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
      await waitFor(() => pids.every(pid => !alive(pid)), { what: 'all services to end', timeoutMs: 60_000 })
      await chain.stop()
    },
    DEV_START_MS,
  )
})

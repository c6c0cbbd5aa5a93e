import { describe, expect, it } from '@jest/globals'
import { HeadraceError } from '@headrace/errors'
import { beginAnew } from './begin-anew.ts'
import { Health } from './health.ts'

const away = (): HeadraceError => new HeadraceError('kafka.unreachable', 'no broker answers')

describe('beginAnew', () => {
  const delays: number[] = []
  const work = async (
    run: (progressed: () => void, spell: number) => Promise<void>,
    stop: AbortController,
  ) => {
    const health = new Health()
    delays.length = 0
    let spell = 0
    await beginAnew(
      {
        passing: ['kafka.unreachable'],
        run: progressed => run(progressed, ++spell),
        lost: (_code, _words, retryInMs) => delays.push(retryInMs),
        health,
      },
      stop.signal,
    )
    return health
  }

  it('begins anew after an error that passes, with growing pauses that progress resets', async () => {
    const stop = new AbortController()
    const health = await work(async (progressed, spell) => {
      if (spell === 3) progressed()
      if (spell === 4) return stop.abort()
      throw away()
    }, stop)
    expect(delays).toHaveLength(3)
    expect(delays[1]).toBeGreaterThanOrEqual(100)
    expect(delays[2]).toBeLessThanOrEqual(100)
    expect(health.isReady).toEqual({ ok: false, why: 'beginning anew' })
    expect(health.live.ok).toBe(true)
  })

  it('throws what does not pass', async () => {
    const stop = new AbortController()
    const failing = work(() => Promise.reject(new HeadraceError('kafka.writer_fenced', 'another')), stop)
    await expect(failing).rejects.toMatchObject({ code: 'kafka.writer_fenced' })
    expect(delays).toEqual([])
  })

  it('ends when the signal fires, also while it waits', async () => {
    const stop = new AbortController()
    await work(() => {
      setTimeout(() => stop.abort(), 1)
      return Promise.reject(away())
    }, stop)
    expect(delays).toHaveLength(1)
  })
})

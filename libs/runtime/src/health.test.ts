import { describe, expect, it } from '@jest/globals'
import { Health } from './health.ts'

describe('Health', () => {
  it('is ready only while working', () => {
    const health = new Health()
    expect(health.isReady).toEqual({ ok: false, why: 'starting' })
    expect(health.started.ok).toBe(true)
    health.ready()
    expect(health.isReady.ok).toBe(true)
    health.notReady('draining')
    expect(health.isReady).toEqual({ ok: false, why: 'draining' })
  })

  it('is dead when the loop has not turned for the stall time', () => {
    let now = 0
    const health = new Health({ now: () => now, stallMs: 100 })
    now = 100
    expect(health.live.ok).toBe(true)
    now = 101
    expect(health.live.ok).toBe(false)
    health.turned()
    expect(health.live.ok).toBe(true)
  })
})

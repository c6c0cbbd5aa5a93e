import { describe, expect, it } from '@jest/globals'
import { StallWatch } from './watch-source.ts'

describe('StallWatch', () => {
  it('tells a stream that stands still from one that is done or moves', () => {
    const watch = new StallWatch(30_000)
    const at = (now: number, walEnd: bigint, seen: bigint, bytes = 0) =>
      watch.observe({ now, walEnd, seen, bytes })
    expect(at(0, 100n, 100n)).toBe(0)
    // nothing new on the server: idle
    expect(at(60_000, 100n, 100n)).toBe(0)
    // newer WAL: given time, then red
    expect(at(70_000, 200n, 100n)).toBe(0)
    expect(at(80_000, 200n, 100n)).toBe(0)
    expect(at(110_000, 200n, 100n)).toBeGreaterThan(0)
    // bytes come although no position was told: a large transaction
    expect(at(120_000, 300n, 100n, 5_000)).toBe(0)
    expect(at(130_000, 300n, 300n, 5_000)).toBe(0)
  })
})

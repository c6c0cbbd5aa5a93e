import { describe, expect, it } from '@jest/globals'
import { KAFKA_ANSWERS, Reachability, WAITING_FOR_KAFKA } from './reachability.ts'

describe('Reachability', () => {
  it('speaks after 3 s, every 10 s after that, and when somebody answers', () => {
    const said: (readonly [number, string, unknown])[] = []
    let now = 0
    const seen = new Reachability(
      ['a:1', 'b:2'],
      (_level, event, fields) => said.push([now, event, fields]),
      () => now,
    )
    for (now = 0; now < 25_000; now += 500) seen.failed(new Error('ECONNREFUSED'))
    seen.reached()
    expect(said.map(([at, event]) => [at, event])).toEqual([
      [3_000, WAITING_FOR_KAFKA],
      [13_000, WAITING_FOR_KAFKA],
      [23_000, WAITING_FOR_KAFKA],
      [25_000, KAFKA_ANSWERS],
    ])
    expect(said[0]?.[2]).toEqual({
      brokers: 'a:1,b:2',
      since: '1970-01-01T00:00:00.000Z',
      error: 'ECONNREFUSED',
    })
  })

  it('is silent about a short absence', () => {
    const said: string[] = []
    let now = 0
    const seen = new Reachability(
      ['a:1'],
      (_level, event) => said.push(event),
      () => now,
    )
    for (now = 0; now < 3_000; now += 500) seen.failed(new Error('x'))
    seen.reached()
    now = 10_000
    seen.failed(new Error('x'))
    expect(said).toEqual([])
  })
})

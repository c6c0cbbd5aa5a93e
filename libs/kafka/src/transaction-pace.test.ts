import { describe, expect, it } from '@jest/globals'
import { TransactionPace } from './transaction-pace.ts'

describe('pace of transactions', () => {
  it('lets the first one begin at once, the next one after the interval, and one after a pause at once', () => {
    let now = 0
    const pace = new TransactionPace(25, () => now)
    expect(pace.leftMs).toBe(0)
    pace.began()
    now = 10
    expect(pace.leftMs).toBe(15)
    now = 25
    expect(pace.leftMs).toBe(0)
    now = 1000
    expect(pace.leftMs).toBe(0)
    pace.began()
    expect(pace.leftMs).toBe(25)
  })

  it('leaves as long again to others after a long one, and no more than 100 ms', () => {
    let now = 0
    const pace = new TransactionPace(25, () => now)
    const lasted = (ms: number): number => {
      pace.began()
      now += ms
      pace.ended()
      return pace.leftMs
    }
    expect([lasted(5), lasted(20), lasted(80), lasted(900)]).toEqual([20, 20, 80, 100])
  })
})

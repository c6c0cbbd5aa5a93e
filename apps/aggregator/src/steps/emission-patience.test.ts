import { describe, expect, it } from '@jest/globals'
import { EmissionPatience } from './emission-patience.ts'

describe('how long changed documents are kept (05 A11)', () => {
  const usual = { idleMs: 50, maxMs: 1000, limit: 7 }
  const bulk = { idleMs: 1000, maxMs: 10_000, limit: 7, isBulk: true }

  it('is longer from a turn of many records until a second after the last one', () => {
    const patience = new EmissionPatience(usual)
    patience.took(999, 0)
    expect(patience.at(0)).toEqual(usual)
    patience.took(1000, 100)
    expect(patience.at(100)).toEqual(bulk)
    patience.took(5000, 600)
    patience.took(3, 700)
    expect(patience.at(1599)).toEqual(bulk)
    expect(patience.at(1600)).toEqual(usual)
  })
})

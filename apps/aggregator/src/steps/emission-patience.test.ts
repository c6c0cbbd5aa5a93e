import { describe, expect, it } from '@jest/globals'
import { EmissionPatience } from './emission-patience.ts'

describe('how long changed documents are kept (05 A11)', () => {
  const usual = { idleMs: 50, maxMs: 1000, limit: 7 }
  const bulk = { idleMs: 1000, maxMs: 10_000, limit: 7, isBulk: true }
  const load = { idleMs: 10_000, maxMs: 30_000, limit: 7, isBulk: true }
  const rows = (records: number) => ({ records, isLoad: false })
  const loaded = (records: number) => ({ records, isLoad: true })

  it('is longer from a turn of many records until a second after the last one', () => {
    const patience = new EmissionPatience(usual)
    patience.took(rows(999), 0)
    expect(patience.at(0)).toEqual(usual)
    patience.took(rows(1000), 100)
    expect(patience.at(100)).toEqual(bulk)
    patience.took(rows(5000), 600)
    patience.took(rows(3), 700)
    expect(patience.at(1599)).toEqual(bulk)
    expect(patience.at(1600)).toEqual(usual)
  })

  it('is longest in a first load, and while what it gave between the stages follows', () => {
    const patience = new EmissionPatience(usual)
    patience.took(loaded(10), 0)
    expect(patience.at(0)).toEqual(usual)
    patience.took(loaded(1000), 100)
    patience.took(rows(1000), 900)
    expect(patience.at(1899)).toEqual(load)
    expect(patience.at(1900)).toEqual(usual)
    patience.took(rows(1000), 2000)
    expect(patience.at(2000)).toEqual(bulk)
  })
})

import { describe, expect, it } from '@jest/globals'
import { WalBudget } from './wal-budget.ts'

const MB = 1_000_000

describe('WalBudget', () => {
  it('divides what may still be written by the rate of writing', () => {
    const budget = new WalBudget()
    expect(budget.observe(0, 0n, 600 * MB)).toBe(Infinity)
    expect(budget.observe(10_000, BigInt(10 * MB), 590 * MB)).toBe(590)
    expect(budget.observe(20_000, BigInt(20 * MB), 580 * MB)).toBeCloseTo(580)
  })

  it('knows no end without a limit, or while nothing is written', () => {
    const budget = new WalBudget()
    budget.observe(0, 0n, null)
    expect(budget.observe(10_000, BigInt(MB), null)).toBe(Infinity)
    const idle = new WalBudget()
    idle.observe(0, 5n, MB)
    expect(idle.observe(10_000, 5n, MB)).toBe(Infinity)
  })

  it('is 0 when the limit is passed', () => {
    expect(new WalBudget().observe(0, 0n, -1)).toBe(0)
  })

  it('does not take a burst for a trend', () => {
    const budget = new WalBudget()
    budget.observe(0, 0n, 1000 * MB)
    for (let at = 1; at <= 60; at++) budget.observe(at * 10_000, BigInt(at * MB), 1000 * MB)
    const calm = budget.observe(610_000, BigInt(61 * MB), 900 * MB)
    expect(calm).toBeCloseTo(9000)
    const burst = budget.observe(620_000, BigInt(161 * MB), 800 * MB)
    // at the rate of the burst alone it would be 80 s
    expect(burst).toBeGreaterThan(1000)
    expect(burst).toBeLessThan(calm)
  })
})

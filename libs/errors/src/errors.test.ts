import { describe, expect, it } from '@jest/globals'
import { backoffDelay, catalogue, codeOf, HeadraceError, retryPolicy } from './index.ts'

describe('the catalogue', () => {
  it('has codes of the form area.what with a meaning that ends as a sentence', () => {
    for (const [code, { meaning, exit }] of Object.entries(catalogue)) {
      expect(code).toMatch(/^[a-z]+(\.[a-z_]+)+$/)
      expect(meaning).toMatch(/\.$/)
      expect(exit).toBeGreaterThan(0)
    }
  })
})

describe('HeadraceError', () => {
  it('says what happened, where, and what to do', () => {
    const error = new HeadraceError('pipeline.not_found', 'there is no folder x', {
      where: 'x',
      hint: 'Name another.',
    })
    expect(error.describe()).toBe('pipeline.not_found: there is no folder x (x)\n  Name another.')
  })

  it('says where at the end of the first line, so that the others can be copied', () => {
    const error = new HeadraceError('contracts.files_differ', 'these differ\n  a\n      + type: text', {
      where: 'x',
      hint: 'Do it.',
    })
    expect(error.describe()).toBe(
      'contracts.files_differ: these differ (x)\n  a\n      + type: text\n  Do it.',
    )
  })

  it('keeps its cause', () => {
    const cause = new Error('inner')
    expect(new HeadraceError('internal.bug', 'outer', { cause }).cause).toBe(cause)
  })
})

describe('retryPolicy', () => {
  it('ends the process on what is not ours', () => {
    expect(codeOf(new TypeError('x'))).toBe('internal.bug')
    expect(retryPolicy(new TypeError('x'))).toBe('restart')
  })

  it('follows the catalogue on what is ours', () => {
    expect(retryPolicy(new HeadraceError('config.invalid', 'x'))).toBe('stop')
  })
})

describe('backoffDelay', () => {
  it('doubles from first to cap, with jitter of the upper half', () => {
    expect([0, 1, 2, 3].map(attempt => backoffDelay(attempt, 0, { first: 100, cap: 500 }))).toEqual([
      50, 100, 200, 250,
    ])
    expect(backoffDelay(0, 0.999999, { first: 100 })).toBe(100)
    expect(backoffDelay(1000, 0.5)).toBeLessThanOrEqual(15_000)
  })
})

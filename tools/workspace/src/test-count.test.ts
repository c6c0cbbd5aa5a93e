import { describe, expect, it } from '@jest/globals'
import { closingLine, countOf, exitCodeOf, type JestReport, nothing, sum } from './test-count.ts'

const report = (part: Partial<JestReport>): JestReport => ({
  numPassedTests: 0,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  ...part,
})

describe('the closing line', () => {
  it('sums the runs and names skipped tests only when there are any', () => {
    const counts = [
      countOf(report({ numPassedTests: 3 }), 0),
      countOf(report({ numPassedTests: 2, numFailedTests: 1 }), 1),
    ]
    expect(closingLine(sum(counts))).toBe('5 passed, 1 failed')
    const skipping = countOf(report({ numPassedTests: 1, numPendingTests: 2, numTodoTests: 1 }), 0)
    expect(closingLine(skipping)).toBe('1 passed, 0 failed, 3 skipped')
  })

  it('counts what never came to a test: a suite that cannot load, a run without report, an unexplained exit code', () => {
    expect(countOf(report({ numPassedTests: 3, numRuntimeErrorTestSuites: 2 }), 1).failed).toBe(2)
    expect(countOf(undefined, 0).failed).toBe(1)
    expect(countOf(report({ numPassedTests: 3 }), 1).failed).toBe(1)
    expect(countOf(report({ numPassedTests: 3 }), null).failed).toBe(1)
  })

  it('goes with exit code 0 only when something ran and nothing failed', () => {
    expect(exitCodeOf({ ...nothing, passed: 1 })).toBe(0)
    expect(exitCodeOf(nothing)).toBe(1)
    expect(exitCodeOf({ ...nothing, skipped: 4 })).toBe(1)
    expect(exitCodeOf({ passed: 9, failed: 1, skipped: 0 })).toBe(1)
  })
})

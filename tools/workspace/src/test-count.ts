/** The part of jest's `--json` report that is counted. */
export interface JestReport {
  readonly success?: boolean
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  /** Suites that could not run: a syntax error, a throw at the top level. */
  readonly numRuntimeErrorTestSuites: number
}

export interface TestCount {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const nothing: TestCount = { passed: 0, failed: 0, skipped: 0 }

/** Counts of one jest run; no report, or an exit code that no failure explains, is a failure itself. */
export const countOf = (report: JestReport | undefined, exitCode: number | null): TestCount => {
  if (report === undefined) return { ...nothing, failed: 1 }
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitCode !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

export const sum = (counts: readonly TestCount[]): TestCount =>
  counts.reduce(
    (total, count) => ({
      passed: total.passed + count.passed,
      failed: total.failed + count.failed,
      skipped: total.skipped + count.skipped,
    }),
    nothing,
  )

/** The closing line: `N passed, N failed`, and `, N skipped` when there are any. */
export const closingLine = ({ passed, failed, skipped }: TestCount): string =>
  `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`

/** 0 only when something ran and nothing failed. */
export const exitCodeOf = ({ passed, failed }: TestCount): number => (failed === 0 && passed > 0 ? 0 : 1)

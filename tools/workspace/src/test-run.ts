import { HeadraceError } from '@headrace/errors'
import { addressEnvironment, type Stack, startStack } from '@headrace/local-stack'
import { listTests, runJest } from './jest-run.ts'
import { nothing, sum, type TestCount } from './test-count.ts'

export interface TestRun {
  readonly unitOnly: boolean
  /** Passed on to jest. */
  readonly args: readonly string[]
  readonly reports: string
  readonly note: (line: string) => void
  readonly signal: AbortSignal
}

/** A stack of this run's own; it ends with this process whatever happens. */
const startBackends = async (run: TestRun): Promise<Stack | undefined> => {
  try {
    return await startStack({
      ephemeral: true,
      progress: (subject, line) => run.note(`${subject.padEnd(13)} ${line}`),
      signal: run.signal,
    })
  } catch (error) {
    if (!run.signal.aborted) run.note(error instanceof HeadraceError ? error.describe() : String(error))
    return undefined
  }
}

const backendTests = async (run: TestRun, stack: Stack): Promise<TestCount> => {
  const { args, reports, signal } = run
  return runJest({
    kind: 'backend',
    args,
    workers: 1,
    environment: addressEnvironment(stack.addresses),
    reports,
    signal,
  })
}

/**
 * Unit tests while the backends come up, then those that need backends. Backends that do not come up are one failure,
 * and the unit tests are still counted.
 */
export const runTests = async (run: TestRun): Promise<TestCount> => {
  const { args, reports, signal } = run
  const needed = !run.unitOnly && (args.length === 0 || (await listTests('backend', args, signal)).length > 0)
  const starting = needed ? startBackends(run) : Promise.resolve(undefined)
  const unit = await runJest({ kind: 'unit', args, workers: 2, environment: {}, reports, signal })
  const stack = await starting
  try {
    if (!needed) return unit
    if (stack === undefined) return sum([unit, { ...nothing, failed: 1 }])
    const backend = signal.aborted ? nothing : await backendTests(run, stack)
    return sum([unit, backend, ...(signal.aborted ? [{ ...nothing, failed: 1 }] : [])])
  } finally {
    await stack?.stop()
  }
}

import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceRoot } from './workspace-root.ts'
import { countOf, type JestReport, nothing, type TestCount } from './test-count.ts'

/** What a test needs, by its file name: `.test.ts` nothing, `.int.test.ts` and `.e2e.test.ts` backends. */
export type TestKind = 'unit' | 'backend'

export interface JestRun {
  readonly kind: TestKind
  readonly args: readonly string[]
  readonly workers: number
  /** Addresses of the backends. */
  readonly environment: Readonly<Record<string, string>>
  /** Folder for jest's report. */
  readonly reports: string
  readonly signal: AbortSignal
}

/** From jest's report to its end. */
const GRACE_MS = 20_000

const jest = join(workspaceRoot, 'node_modules', 'jest', 'bin', 'jest.js')

/** jest.preset.cjs chooses the files by HEADRACE_TEST_KIND: a path given as argument then narrows them instead of adding. */
const environmentOf = (kind: TestKind, addresses: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...process.env,
  ...addresses,
  HEADRACE_TEST_KIND: kind,
})

/** The test files of this kind that the arguments select. */
export const listTests = (kind: TestKind, args: readonly string[], signal: AbortSignal): Promise<string[]> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [jest, '--listTests', '--passWithNoTests', ...args], {
      cwd: workspaceRoot,
      env: environmentOf(kind, {}),
      stdio: ['ignore', 'pipe', 'inherit'],
      signal,
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.once('error', reject)
    child.once('close', () => resolve(text.split('\n').filter(line => line.endsWith('.test.ts'))))
  })

const readReport = (file: string): JestReport | undefined => {
  if (!existsSync(file)) return undefined
  return JSON.parse(readFileSync(file, 'utf8')) as JestReport
}

/** Runs jest once and counts. A run that ends without a report, or non-zero without naming a failure, counts as one failure. */
export const runJest = (run: JestRun): Promise<TestCount> =>
  new Promise(resolve => {
    const report = join(run.reports, `${run.kind}.json`)
    const options = ['--json', `--outputFile=${report}`, `--maxWorkers=${run.workers}`, '--passWithNoTests']
    const child = spawn(process.execPath, [jest, ...options, ...run.args], {
      cwd: workspaceRoot,
      env: environmentOf(run.kind, run.environment),
      // with --json the report goes to standard output too; what a person reads goes to standard error
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const abort = (): void => void child.kill('SIGTERM')
    run.signal.addEventListener('abort', abort)
    // something that a test left open can keep jest from ending; its report is complete all the same
    const watch = setInterval(() => {
      if (!existsSync(report)) return
      clearInterval(watch)
      setTimeout(() => {
        if (child.exitCode !== null) return
        process.stderr.write('jest has not ended 20 s after its last test: some test leaves something open\n')
        child.kill('SIGKILL')
      }, GRACE_MS).unref()
    }, 1000)
    child.once('error', () => resolve({ ...nothing, failed: 1 }))
    child.once('close', code => {
      clearInterval(watch)
      run.signal.removeEventListener('abort', abort)
      const found = readReport(report)
      resolve(countOf(found, code ?? (found?.success === true ? 0 : 1)))
    })
  })

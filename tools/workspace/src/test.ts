import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeadraceError } from '@headrace/errors'
import { runTests } from './test-run.ts'
import { closingLine, exitCodeOf } from './test-count.ts'

// `npm test [-- --unit] [jest's own arguments]`; the last line says how many tests ran
process.umask(0o022)
const abort = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => abort.abort())
const reports = mkdtempSync(join(tmpdir(), 'headrace-test-'))
const note = (line: string): void => void process.stderr.write(`${line}\n`)
try {
  const args = process.argv.slice(2)
  const count = await runTests({
    unitOnly: args.includes('--unit'),
    args: args.filter(arg => arg !== '--unit'),
    reports,
    note,
    signal: abort.signal,
  })
  process.exitCode = exitCodeOf(count)
  process.stdout.write(`${closingLine(count)}\n`)
} catch (error) {
  note(
    error instanceof HeadraceError ? error.describe() : String(error instanceof Error ? error.stack : error),
  )
  process.exitCode = 1
  process.stdout.write(`${closingLine({ passed: 0, failed: 1, skipped: 0 })}\n`)
} finally {
  rmSync(reports, { recursive: true, force: true })
}

import { HeadraceError } from '@headrace/errors'
import { runStackCommand } from './cli.ts'

const abort = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => abort.abort(new HeadraceError('stack.start_failed', `stopped by ${name}`)))
}
// what we unpack must be readable by the user the servers run as
process.umask(0o022)
const out = {
  write: (line: string) => void process.stdout.write(`${line}\n`),
  note: (line: string) => void process.stderr.write(`${line}\n`),
}
try {
  await runStackCommand(process.argv.slice(2), out, abort.signal)
} catch (error) {
  if (!(error instanceof HeadraceError)) throw error
  out.note(error.describe())
  process.exitCode = error.entry.exit
}

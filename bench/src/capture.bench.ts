import { spawn } from 'node:child_process'
import { join } from 'node:path'

// Rows of 200 bytes from one slot into raw topics: rows per CPU-second of the capture process for the first load, the
// stream including produce, and decoding alone. Needs HEADRACE_POSTGRES_URL and HEADRACE_KAFKA_BROKERS. Argument: rows.
const program = join(import.meta.dirname, '..', '..', 'apps', 'capture', 'src', 'testing', 'bench-program.ts')
const child = spawn(
  process.execPath,
  [
    '--conditions=@headrace/source',
    '--disable-warning=ExperimentalWarning',
    program,
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
)
child.on('exit', status => process.exit(status ?? 1))

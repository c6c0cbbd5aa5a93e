import { spawn } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { nodeCommand } from '@headrace/testkit'
import { type BenchResults, markdownTable } from './results-table.ts'

const HELP = `npm run bench -- all [options]

Runs every benchmark of docs/benchmarks.md, one after the other, on servers of its own, and prints a table for it.
Each benchmark's JSON goes to standard error.

  --images N    of the throughput benchmark (default 20000)
  --seconds N   per rate of the latency benchmark and of single-row commits (default 15)
`

const ROOT = join(import.meta.dirname, '..', '..')
const { command, args: nodeArgs } = nodeCommand()

/** Runs a program of the workspace; its standard output. */
const output = async (
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> => {
  const child = spawn(command, [...nodeArgs, join(ROOT, program), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve)
    child.once('error', reject)
  })
  if (code !== 0) throw new Error(`${program} ended with status ${code}`)
  return text
}

const json = (text: string): unknown => JSON.parse(text.slice(text.indexOf('{')))

const run = async (images: string, seconds: string): Promise<void> => {
  const name = `bench-${process.pid}`
  const stack = (args: readonly string[]) => output('tools/workspace/src/stack.ts', args)
  const { environment } = json(await stack(['start', '--name', name, '--json'])) as {
    readonly environment: Readonly<Record<string, string>>
  }
  try {
    const bench = async (bench: string, args: readonly string[] = []): Promise<unknown> => {
      process.stderr.write(`\n== ${bench} ==\n`)
      const result = json(await output('tools/workspace/src/bench.ts', [bench, ...args], environment))
      process.stderr.write(`${JSON.stringify(result)}\n`)
      return result
    }
    const results = {
      latency: await bench('latency', ['--seconds', seconds]),
      throughput: await bench('throughput', ['--images', images, '--seconds', seconds]),
      aggregator: await bench('aggregator'),
      capture: await bench('capture'),
      validator: await bench('validator'),
      indexer: await bench('indexer'),
    } as BenchResults
    const machine = `${cpus().length} x ${cpus()[0]?.model ?? ''}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`
    process.stdout.write(markdownTable(results, `${new Date().toISOString().slice(0, 10)}, ${machine}`))
  } finally {
    await stack(['stop', '--name', name, '--wipe'])
  }
}

try {
  const { values } = parseArgs({
    options: {
      images: { type: 'string', default: '20000' },
      seconds: { type: 'string', default: '15' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) process.stdout.write(HELP)
  else await run(values.images, values.seconds)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = error instanceof TypeError ? 64 : 1
}

/** The aggregator's engine on LMDB, in a process of its own: prints its JSON. Arguments are passed on. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { nodeCommand } from '@headrace/testkit'

const { command, args } = nodeCommand()
const program = join(import.meta.dirname, '..', '..', 'apps', 'aggregator', 'src', 'engine.bench.ts')
const child = spawn(command, [...args, program, ...process.argv.slice(2)], { stdio: 'inherit' })
const [code] = (await once(child, 'exit')) as [number | null]
process.exit(code ?? 1)

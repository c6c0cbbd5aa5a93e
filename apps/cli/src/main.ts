import { readCliConfig } from './config.ts'
import { runCli } from './program.ts'

const status = await runCli(process.argv.slice(2), readCliConfig())
// a pipe takes what was written piece by piece; ending before it did would cut the output
await new Promise(resolve => process.stdout.write('', resolve))
process.exit(status)

import { readCliConfig } from './config.ts'
import { runCli } from './program.ts'

process.exit(await runCli(process.argv.slice(2), readCliConfig()))

import type { Command } from 'commander'
import { type DevOptions, runDev } from '../dev/run-dev.ts'
import type { Context } from '../output.ts'

const collect = (file: string, before: readonly string[]): readonly string[] => [...before, file]

/** `headrace dev DIR`: the whole chain on this machine. */
export const addDev = (program: Command, context: Context): void => {
  program
    .command('dev')
    .description(
      'run a pipeline on this machine: servers that are missing, topics, all services; until Ctrl-C',
    )
    .argument('<dir>', 'folder that holds pipeline.yaml')
    .option('--init <file.sql>', 'SQL to run in the database first; may be given several times', collect, [])
    .option('--postgres <url>', 'use this database instead of starting one')
    .option('--kafka <brokers>', 'use these brokers instead of starting one')
    .option('--elasticsearch <url>', 'use this server instead of starting one')
    .option('--name <name>', "name of the folder for logs and state; by default the pipeline's name")
    .option('--stop-with-stdin', 'also stop when standard input ends: for programs that drive this one')
    .option('--json', 'print one line with all addresses and pids when everything is ready')
    .addHelpText(
      'after',
      '\nWhat it makes on servers of yours stays when it stops: slot, publication, topics, indices.\nheadrace remove DIR lists all of it and removes it.',
    )
    .action((dir: string, options: DevOptions) => runDev(context, dir, options))
}

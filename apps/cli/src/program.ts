import { Command, CommanderError } from 'commander'
import { HeadraceError } from '@headrace/errors'
import { addCheck } from './commands/check.ts'
import { addContracts } from './commands/contracts.ts'
import { addDev } from './commands/dev.ts'
import { addRemove } from './commands/remove.ts'
import { addSearch } from './commands/search.ts'
import { addSource } from './commands/source.ts'
import { addTopics } from './commands/topics.ts'
import { addView } from './commands/view.ts'
import type { CliConfig } from './config.ts'
import { type Context, Output } from './output.ts'

const EPILOGUE = `
Addresses may also be given by HEADRACE_POSTGRES_URL, HEADRACE_KAFKA_BROKERS, HEADRACE_ELASTICSEARCH_URL and HEADRACE_SEARCH_URL.

Exit codes: 0 done, 1 something differs or is missing, 64 wrong command line, 65 mistakes in the pipeline folder, 66 not there,
69 Postgres or a service cannot be reached or ended, 70 internal error, 73 would overwrite, 77 refused (rights), 78 wrong
configuration, 79 the database is not set up for capture, 84 contracts.lock.json is stale, 85 Kafka or 86 Elasticsearch cannot be
reached, 87 port taken, 88 no Java, 89 topic missing. docs/errors.md has them all.`

/** The command tree; nothing is read or written before an action runs. */
export const createProgram = (context: Context): Command => {
  const program = new Command('headrace')
    .description('Keeps Elasticsearch exactly in step with Postgres.')
    .exitOverride()
    .configureOutput({
      // mistakes are printed once, as errors of the catalogue; the help of an incomplete command line is wanted
      writeErr: text => (text.startsWith('error:') ? undefined : context.out.note(text.trimEnd())),
      writeOut: text => context.out.raw(text),
    })
    .showSuggestionAfterError()
    .addHelpText('after', EPILOGUE)
  for (const add of [addCheck, addContracts, addTopics, addSource, addDev, addSearch, addView, addRemove])
    add(program, context)
  return program
}

/** The command that a command line means, as it is written: `headrace source reset`. */
const commandOf = (program: Command, args: readonly string[]): string => {
  const names = [program.name()]
  let command: Command | undefined = program
  for (const arg of args) {
    command = command.commands.find(each => each.name() === arg)
    if (command === undefined) break
    names.push(arg)
  }
  return names.join(' ')
}

const toHeadraceError = (error: unknown, command: string): HeadraceError => {
  if (error instanceof HeadraceError) return error
  if (error instanceof CommanderError) {
    return new HeadraceError('usage.invalid', error.message.replace(/^error: /, ''), {
      hint: `See \`${command} --help\`.`,
    })
  }
  const message = error instanceof Error ? error.message : String(error)
  return new HeadraceError('internal.bug', message, { cause: error })
}

/** Runs a command line; gives the exit status (of the error catalogue). Never throws, never prints a stack trace. */
export const runCli = async (args: readonly string[], config: CliConfig): Promise<number> => {
  // whoever read our output may be gone (a pipe to `head`, a killed parent): that must not keep `dev` from stopping in order
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  const out = new Output({ json: args.includes('--json'), color: config.noColor === undefined })
  const context: Context = { out, config, exitStatus: 0 }
  const program = createProgram(context)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return context.exitStatus
  } catch (error) {
    // --help and --version end by an error of status 0
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    // called without a command: the help was printed
    if (error instanceof CommanderError && error.code === 'commander.help') return 64
    const known = toHeadraceError(error, commandOf(program, args))
    out.error(known)
    return known.entry.exit
  }
}

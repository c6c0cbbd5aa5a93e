import type { Command } from 'commander'
import { HeadraceError } from '@headrace/errors'
import { loadPipeline } from '@headrace/pipeline'
import { prepareSource } from '@headrace/postgres'
import { readPipelineFolder } from '@headrace/runtime'
import type { CliConfig } from '../config.ts'
import { connectKafka } from '../connect-kafka.ts'
import type { Context } from '../output.ts'
import { inspectSource, type SourceState, sourceWish } from '../source/inspect-source.ts'
import { resetSource } from '../source/reset-source.ts'
import { brokersOf } from './topics.ts'

export const postgresUrlOf = (option: string | undefined, config: CliConfig): string => {
  const url = option ?? config.postgresUrl?.reveal()
  if (url !== undefined) return url
  throw new HeadraceError('usage.invalid', 'no Postgres address given', {
    hint: 'Give --postgres postgres://user:password@host:port/database or set HEADRACE_POSTGRES_URL.',
  })
}

interface Options {
  readonly postgres?: string
}

interface ResetOptions {
  readonly kafka?: string
}

const report = ({ out }: Context, source: string, { problems, differences }: SourceState): void => {
  const wrong = [
    ...problems.map(({ what, sql }) => ({ what, todo: sql === '' ? '' : `${sql};` })),
    ...differences.filter(({ kind }) => kind === 'error'),
  ]
  const notes = differences.filter(({ kind }) => kind === 'note')
  const list = (items: readonly { readonly what: string; readonly todo: string }[]): void => {
    for (const { what, todo } of items) out.line(`  - ${what}${todo === '' ? '' : `\n      ${todo}`}`)
  }
  out.line(
    `source ${out.paint('bold', source)}: ${wrong.length === 0 ? out.paint('green', 'ready') : `${wrong.length} missing`}`,
  )
  list(wrong)
  if (notes.length > 0) out.line(`\n${out.paint('yellow', 'to look at:')}`)
  list(notes)
}

const check = async (context: Context, dir: string, options: Options): Promise<void> => {
  const { out, config } = context
  const connection = { url: postgresUrlOf(options.postgres, config), applicationName: 'headrace-cli' }
  const pipeline = loadPipeline(readPipelineFolder(dir))
  const found = await Promise.all(
    pipeline.sources.map(async source => ({
      source: source.name,
      ...(await inspectSource(connection, pipeline, source)),
    })),
  )
  const ok = found.every(
    ({ problems, differences }) => problems.length === 0 && differences.every(({ kind }) => kind === 'note'),
  )
  out.value({ ok, sources: found })
  for (const { source, ...state } of found) report(context, source, state)
  if (!ok) context.exitStatus = 1
}

const prepare = async ({ out, config }: Context, dir: string, options: Options): Promise<void> => {
  const url = postgresUrlOf(options.postgres, config)
  const pipeline = loadPipeline(readPipelineFolder(dir))
  for (const source of pipeline.sources) {
    const statements = await prepareSource(
      { url, applicationName: 'headrace-cli' },
      sourceWish(pipeline, source),
    )
    out.value({ source: source.name, statements })
    out.line(
      `source ${out.paint('bold', source.name)}: ${statements.length === 0 ? 'nothing to do' : statements.length === 1 ? '1 statement run' : `${statements.length} statements run`}`,
    )
    for (const statement of statements) out.line(`  ${statement};`)
  }
}

const reset = async (context: Context, dir: string, options: ResetOptions): Promise<void> => {
  const { out, config } = context
  const brokers = brokersOf(options.kafka, config)
  const pipeline = loadPipeline(readPipelineFolder(dir))
  const kafka = connectKafka(context, brokers)
  try {
    for (const source of pipeline.sources) {
      const epoch = await resetSource(kafka, pipeline, source)
      out.value({ source: source.name, epoch: epoch ?? null })
      out.line(
        epoch === undefined
          ? `source ${out.paint('bold', source.name)}: capture has no position yet: it loads all tables when it starts`
          : `source ${out.paint('bold', source.name)}: epoch ${epoch} begins: capture loads all tables anew when it starts (a running one starts again by itself), then drops what is gone`,
      )
    }
  } finally {
    await kafka.stop()
  }
}

/** `headrace source check DIR`, `prepare DIR` and `reset DIR` (03 C1, C3, C15). */
export const addSource = (program: Command, context: Context): void => {
  const source = program.command('source').description('the database that changes are captured from')
  source
    .command('check')
    .description(
      'list everything capture would miss, with the SQL that mends it; changes nothing; exit 1 when something is missing',
    )
    .argument('<dir>', 'folder that holds pipeline.yaml')
    .option('--postgres <url>', 'postgres://user:password@host:port/database')
    .option('--json', 'print one JSON object')
    .action((dir: string, options: Options) => check(context, dir, options))
  source
    .command('prepare')
    .description(
      'set up what may be set up without asking: the publication, and replica identities for toast: full',
    )
    .argument('<dir>', 'folder that holds pipeline.yaml')
    .option('--postgres <url>', 'postgres://user:password@host:port/database')
    .option('--json', 'print one JSON object per source')
    .action((dir: string, options: Options) => prepare(context, dir, options))
  source
    .command('reset')
    .description(
      'give up the position of capture: the slot is made anew, all tables are loaded again, what is gone is dropped',
    )
    .argument('<dir>', 'folder that holds pipeline.yaml')
    .option('--kafka <brokers>', 'host:port, several separated by commas')
    .option('--json', 'print one JSON object per source')
    .action((dir: string, options: ResetOptions) => reset(context, dir, options))
}

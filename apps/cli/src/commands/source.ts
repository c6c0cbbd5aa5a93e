import type { Command } from 'commander'
import { HeadraceError } from '@headrace/errors'
import { loadPipeline, type Pipeline, type PostgresSource } from '@headrace/pipeline'
import { checkSource, prepareSource, type SourceWish } from '@headrace/postgres'
import { readPipelineFolder } from '@headrace/runtime'
import type { CliConfig } from '../config.ts'
import { connectKafka } from '../connect-kafka.ts'
import type { Context } from '../output.ts'
import { resetSource } from '../source/reset-source.ts'
import { brokersOf } from './topics.ts'

export const postgresUrlOf = (option: string | undefined, config: CliConfig): string => {
  const url = option ?? config.postgresUrl?.reveal()
  if (url !== undefined) return url
  throw new HeadraceError('usage.invalid', 'no Postgres address given', {
    hint: 'Give --postgres postgres://user:password@host:port/database or set HEADRACE_POSTGRES_URL.',
  })
}

const keyColumns = (pipeline: Pipeline, dataset: string): readonly string[] => {
  const contract = pipeline.datasets.get(dataset)?.contract
  return (contract?.primaryKey ?? []).map(
    name => contract?.fields.find(field => field.name === name)?.column ?? name,
  )
}

/** What capture will need of the database of a source. */
export const sourceWish = (
  pipeline: Pipeline,
  { slot, publication, tables }: PostgresSource,
): SourceWish => ({
  slot,
  publication,
  tables: tables.map(({ schema, name, dataset, toast }) => ({
    schema,
    name,
    keyColumns: keyColumns(pipeline, dataset),
    fullIdentity: toast === 'full',
  })),
})

interface Options {
  readonly postgres?: string
}

interface ResetOptions {
  readonly kafka?: string
}

const check = async (
  { out, config, ...context }: Context,
  dir: string,
  options: Options,
): Promise<number> => {
  const url = postgresUrlOf(options.postgres, config)
  const pipeline = loadPipeline(readPipelineFolder(dir))
  const found = await Promise.all(
    pipeline.sources.map(async source => ({
      source: source.name,
      problems: await checkSource({ url, applicationName: 'headrace-cli' }, sourceWish(pipeline, source)),
    })),
  )
  const count = found.reduce((sum, { problems }) => sum + problems.length, 0)
  out.value({ ok: count === 0, sources: found })
  for (const { source, problems } of found) {
    out.line(
      `source ${out.paint('bold', source)}: ${problems.length === 0 ? out.paint('green', 'ready') : `${problems.length} missing`}`,
    )
    for (const { what, sql } of problems) out.line(`  - ${what}${sql === '' ? '' : `\n      ${sql};`}`)
  }
  return count === 0 ? context.exitStatus : 1
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
      `source ${out.paint('bold', source.name)}: ${statements.length === 0 ? 'nothing to do' : `${statements.length} statements run`}`,
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
    .action(async (dir: string, options: Options) => {
      context.exitStatus = await check(context, dir, options)
    })
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

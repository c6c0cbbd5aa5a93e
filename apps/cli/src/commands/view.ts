import type { Command } from 'commander'
import { HeadraceError } from '@headrace/errors'
import { Elasticsearch } from '@headrace/elasticsearch'
import { loadPipeline } from '@headrace/pipeline'
import { connect } from '@headrace/postgres'
import { readPipelineFolder } from '@headrace/runtime'
import type { CliConfig } from '../config.ts'
import { connectKafka } from '../connect-kafka.ts'
import { findView } from '../find-view.ts'
import type { Context } from '../output.ts'
import { ProgressLine } from '../verify/progress-line.ts'
import type { Unsettled } from '../verify/settle.ts'
import { type Verification, verifyView } from '../verify/verify-view.ts'
import type { WithheldRow } from '../verify/withheld-rows.ts'
import { postgresUrlOf } from './source.ts'
import { addRebuild } from './view-rebuild.ts'

interface Options {
  readonly pipeline: string
  readonly postgres?: string
  readonly elasticsearch?: string
  readonly kafka?: string
  readonly sample?: string
  readonly settle: string
  readonly limit: string
  readonly showValues?: boolean
}

export const elasticsearchUrlOf = (option: string | undefined, config: CliConfig): string => {
  const url = option ?? config.elasticsearchUrl
  if (url !== undefined) return (url.includes('://') ? url : `http://${url}`).replace(/\/+$/, '')
  throw new HeadraceError('usage.invalid', 'no Elasticsearch address given', {
    hint: 'Give --elasticsearch http://host:port or set HEADRACE_ELASTICSEARCH_URL.',
  })
}

const whole = (name: string, text: string, least: number): number => {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= least && /^\d+$/.test(text)) return value
  throw new HeadraceError('usage.invalid', `--${name} takes a whole number from ${least}, not "${text}"`)
}

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`

const WORDS: Readonly<Record<Unsettled['kind'], string>> = {
  missing: 'has no document',
  extra: 'has a document and no row',
  differing: 'differs',
  stub: 'has a stub in place of its document',
}

const numbersOf = ({ unsettled }: Verification): Readonly<Record<string, number>> => ({
  missing: unsettled.filter(each => each.kind === 'missing').length,
  extra: unsettled.filter(each => each.kind === 'extra').length,
  differing: unsettled.filter(each => each.kind === 'differing').length,
  stubs: unsettled.filter(each => each.kind === 'stub').length,
  changing: unsettled.filter(each => each.changing).length,
})

const shown = (unsettled: readonly Unsettled[], limit: number, values: boolean): readonly object[] =>
  unsettled.slice(0, limit).map(({ key, kind, changing, differences, reason }) => ({
    key,
    kind,
    ...(reason === undefined ? {} : { reason }),
    ...(changing ? { changing } : {}),
    ...(kind === 'differing'
      ? { differences: differences.map(each => (values ? each : { path: each.path })) }
      : {}),
  }))

const listDifferences = ({ out }: Context, result: Verification, limit: number, values: boolean): void => {
  for (const { key, kind, changing, differences, reason } of result.unsettled.slice(0, limit)) {
    const why = reason === undefined ? '' : `: ${reason}`
    out.line(`  ${key} ${WORDS[kind]}${why}${changing ? ' (and is changing)' : ''}`)
    for (const { path, expected, actual } of differences) {
      out.line(
        `      ${path === '' ? 'the document' : path}${values ? `: SQL ${expected ?? 'nothing'}, index ${actual ?? 'nothing'}` : ''}`,
      )
    }
  }
  if (result.unsettled.length > limit)
    out.line(`  … and ${count(result.unsettled.length - limit, 'more key')}`)
}

const listWithheld = ({ out }: Context, withheld: readonly WithheldRow[], limit: number): void => {
  if (withheld.length === 0) return
  const words = `${count(withheld.length, 'row')} withheld`
  out.line(
    `\n${out.paint('yellow', words)} by ${withheld.length === 1 ? 'its contract' : 'their contracts'}, left out on purpose until valid:\n`,
  )
  for (const { dataset, key, code, rule, path } of withheld.slice(0, limit))
    out.line(
      `  ${dataset} ${key}: ${code}${path === '' ? '' : ` at ${path}`}${rule === '' ? '' : ` (rule ${rule})`}`,
    )
  if (withheld.length > limit) out.line(`  … and ${count(withheld.length - limit, 'more row')}`)
}

const report = (
  context: Context,
  name: string,
  result: Verification,
  options: {
    readonly limit: number
    readonly values: boolean
    readonly tookMs: number
    readonly elasticsearchUrl: string
  },
): void => {
  const { out } = context
  const { index, rows, documents, lookedAgain, truncated, withheld } = result
  const numbers = numbersOf(result)
  out.value({
    view: name,
    equal: result.equal,
    index,
    rows,
    documents,
    lookedAgain,
    truncated,
    ...numbers,
    withheld: withheld?.length ?? null,
    withheldRows: withheld?.slice(0, options.limit) ?? null,
    differences: shown(result.unsettled, options.limit, options.values),
    tookMs: Math.round(options.tookMs),
  })
  // both were counted before anything was looked at again
  const again = lookedAgain === 0 ? '' : ` at first sight; ${count(lookedAgain, 'key')} looked at again`
  const seconds = `${(options.tookMs / 1_000).toFixed(1)} s`
  out.line(
    `view ${out.paint('bold', name)}: ${count(rows, 'row')}, ${count(documents, 'document')} in ${index}${again}, ${seconds}`,
  )
  if (result.equal) {
    out.line(`${out.paint('green', 'equal')}: every document that was compared is what SQL says`)
    return listWithheld(context, withheld ?? [], options.limit)
  }
  const stubs = numbers['stubs'] === 0 ? '' : `, ${count(numbers['stubs'] ?? 0, 'stub')}`
  out.line(
    `${out.paint('red', 'not equal')}: ${numbers['missing']} missing, ${numbers['extra']} extra, ${numbers['differing']} differing${stubs}\n`,
  )
  listDifferences(context, result, options.limit, options.values)
  listWithheld(context, withheld ?? [], options.limit)
  if (withheld === undefined)
    out.line(
      '\nRows that their contract withholds count as differences here: give --kafka HOST:PORT (where the dead letters are) to tell them apart.',
    )
  if (numbers['changing'] !== 0)
    out.line('Keys that are changing were never seen equal; give them longer with --settle SECONDS.')
  if (truncated) out.line('There are too many differences: the rest was not compared.')
  out.line(
    `If somebody else wrote to the index, delete it (curl -X DELETE ${options.elasticsearchUrl}/${index}): the indexer makes and fills it anew, and until then searches of the view fail. What differs again then is a fault of ours: please report it with the output of --json.`,
  )
}

const verify = async (context: Context, name: string, options: Options): Promise<void> => {
  const { config } = context
  const settleMs = whole('settle', options.settle, 0) * 1_000
  const limit = whole('limit', options.limit, 1)
  const sample = options.sample === undefined ? {} : { sample: whole('sample', options.sample, 1) }
  const postgresUrl = postgresUrlOf(options.postgres, config)
  const elasticsearchUrl = elasticsearchUrlOf(options.elasticsearch, config)
  const elasticsearch = new Elasticsearch({ url: elasticsearchUrl })
  const brokers = options.kafka?.split(',').map(part => part.trim()) ?? config.kafkaBrokers
  const kafka = brokers === undefined ? undefined : connectKafka(context, brokers)
  const progress = new ProgressLine(process.stderr)
  const began = performance.now()
  try {
    const pipeline = loadPipeline(readPipelineFolder(options.pipeline))
    const view = findView(pipeline, name)
    const session = await connect({ url: postgresUrl, applicationName: 'headrace-verify' })
    try {
      const now = (): number => performance.now()
      const result = await verifyView({
        pipeline,
        view,
        session,
        elasticsearch,
        ...(kafka === undefined ? {} : { kafka }),
        ...sample,
        settleMs,
        details: limit,
        now,
        progress,
      })
      progress.clear()
      report(context, name, result, {
        limit,
        values: options.showValues === true,
        tookMs: performance.now() - began,
        elasticsearchUrl: new URL(elasticsearchUrl).origin,
      })
      context.exitStatus = result.equal ? 0 : 1
    } finally {
      await session.stop()
    }
  } finally {
    progress.clear()
    await elasticsearch.close()
    await kafka?.stop()
  }
}

/** `headrace view verify VIEW` (05 A19) and `headrace view rebuild VIEW`. */
export const addView = (program: Command, context: Context): void => {
  const view = program.command('view').description('views: documents and the rows they are made of')
  view
    .command('verify')
    .description(
      'compare every document of a view with one SELECT over its tables; exit 1 when something differs',
    )
    .argument('<view>', 'name of the view')
    .requiredOption('--pipeline <dir>', 'folder that holds pipeline.yaml')
    .option('--postgres <url>', 'postgres://user:password@host:port/database')
    .option('--elasticsearch <url>', 'http://host:port')
    .option('--kafka <brokers>', 'host:port, several separated by commas: tells withheld rows apart')
    .option('--sample <n>', 'compare only about n rows and n documents, chosen by chance')
    .option('--settle <seconds>', 'how long keys that differ are looked at again, while writes flow', '30')
    .option('--limit <n>', 'most differing keys to list', '20')
    .option('--show-values', 'also show the values that differ: they are data of your users')
    .option('--json', 'print one JSON object')
    .action((name: string, options: Options) => verify(context, name, options))
  addRebuild(view, context)
}

import type { Command } from 'commander'
import { HeadraceError } from '@headrace/errors'
import { inspectPipeline, type Pipeline, type Problem } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import type { Context } from '../output.ts'
import { topicPlan } from '../topics/topic-plan.ts'

const show = ({ file, line, column, message }: Problem): string => `${file}:${line}:${column}: ${message}`

const describeView = (pipeline: Pipeline): readonly (readonly string[])[] =>
  [...pipeline.views.values()].map(view => [
    view.name,
    view.plan,
    view.definition.root.dataset,
    view.definition.root.lists.map(list => list.name).join(', ') || '-',
    view.definition.aggregates.map(aggregate => aggregate.path).join(', ') || '-',
  ])

const describeDatasets = (pipeline: Pipeline): readonly (readonly string[])[] =>
  [...pipeline.datasets.values()].map(({ name, contract }) => [
    name,
    contract.table === undefined ? contract.kind : `${contract.table.schema}.${contract.table.name}`,
    contract.version,
    contract.primaryKey.join(', '),
    String(contract.fields.length),
  ])

const report = ({ out }: Context, pipeline: Pipeline, unenforced: readonly string[]): void => {
  const topics = topicPlan(pipeline).map(topic => topic.topic)
  out.value({
    ok: true,
    pipeline: pipeline.name,
    partitions: pipeline.partitions,
    datasets: [...pipeline.datasets.keys()],
    views: [...pipeline.views.values()].map(({ name, plan }) => ({ name, plan })),
    topics,
    unenforced,
  })
  out.line(
    `${out.paint('green', 'good')}: pipeline ${out.paint('bold', pipeline.name)}, ${pipeline.partitions} partitions\n`,
  )
  out.table(['dataset', 'source', 'contract', 'key', 'fields'], describeDatasets(pipeline))
  out.line()
  out.table(['view', 'plan', 'root', 'lists', 'aggregates'], describeView(pipeline))
  out.line(`\n${topics.length} topics:`)
  for (const topic of topics) out.line(`  ${topic}`)
  if (unenforced.length > 0) out.line(`\nrules that are not enforced:\n  ${unenforced.join('\n  ')}`)
}

/** `headrace check DIR`: everything that is wrong in the folder at once, or what it would make. */
export const addCheck = (program: Command, context: Context): void => {
  program
    .command('check')
    .description('check a pipeline folder: all mistakes at once, with file, line and column')
    .argument('<dir>', 'folder that holds pipeline.yaml')
    .option('--json', 'print one JSON object')
    .action((dir: string) => {
      const { pipeline, problems, unenforced } = inspectPipeline(readPipelineFolder(dir))
      if (pipeline !== undefined && problems.length === 0) return report(context, pipeline, unenforced)
      context.out.value({ ok: false, problems })
      for (const problem of problems) context.out.line(show(problem))
      context.out.note(`\n${problems.length} ${problems.length === 1 ? 'mistake' : 'mistakes'} in ${dir}`)
      context.exitStatus = new HeadraceError('pipeline.invalid', '').entry.exit
    })
}

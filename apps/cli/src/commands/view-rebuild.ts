import type { Command } from 'commander'
import { loadPipeline } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import { confirm } from '../confirm.ts'
import { connectKafka } from '../connect-kafka.ts'
import { findView } from '../find-view.ts'
import type { Context } from '../output.ts'
import { madeOfView, rebuildView } from '../topics/rebuild-view.ts'
import { brokersOf } from './topics.ts'

interface Options {
  readonly pipeline: string
  readonly kafka?: string
  readonly yes?: boolean
}

const rebuild = async (context: Context, name: string, options: Options): Promise<void> => {
  const { out, config } = context
  const pipeline = loadPipeline(readPipelineFolder(options.pipeline))
  const view = findView(pipeline, name)
  const kafka = connectKafka(context, brokersOf(options.kafka, config))
  try {
    const made = await madeOfView(kafka, pipeline, view)
    out.line(`consumer group ${made.group}`)
    for (const topic of made.topics) out.line(`topic ${topic}`)
    const go = await confirm('Remove these and make the topics anew?', options.yes === true)
    if (go) await rebuildView(kafka, pipeline, made)
    out.value({ view: name, rebuilt: go, group: made.group, topics: made.topics })
    out.line(
      go
        ? '\nThe topics are made anew. Start the aggregator: it makes all documents from the validated topics, the indexer fills another index, and searches see the old one until that has all of them.'
        : '\nnothing removed',
    )
  } finally {
    await kafka.stop()
  }
}

/** `headrace view rebuild VIEW`. */
export const addRebuild = (view: Command, context: Context): void => {
  view
    .command('rebuild')
    .description(
      'have all documents of a view made anew: removes its topics and the progress of its aggregator; lists them and asks first',
    )
    .argument('<view>', 'name of the view')
    .requiredOption('--pipeline <dir>', 'folder that holds pipeline.yaml')
    .option('--kafka <brokers>', 'host:port, several separated by commas')
    .option('--yes', 'do not ask')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nStop the aggregators first. Rows, validated topics and the live index are left as they are.',
    )
    .action((name: string, options: Options) => rebuild(context, name, options))
}

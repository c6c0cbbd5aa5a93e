import type { Command } from 'commander'
import { HeadraceError } from '@headrace/errors'
import { loadPipeline, type Pipeline } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import type { CliConfig } from '../config.ts'
import { connectKafka } from '../connect-kafka.ts'
import type { Context } from '../output.ts'
import { type AppliedTopics, applyTopics } from '../topics/apply-topics.ts'
import { topicPlan } from '../topics/topic-plan.ts'

export const brokersOf = (option: string | undefined, config: CliConfig): readonly string[] => {
  const brokers = option?.split(',').map(part => part.trim()) ?? config.kafkaBrokers
  if (brokers !== undefined && brokers.every(broker => broker !== '')) return brokers
  throw new HeadraceError('usage.invalid', 'no Kafka brokers given', {
    hint: 'Give --kafka HOST:PORT[,HOST:PORT] or set HEADRACE_KAFKA_BROKERS.',
  })
}

/** Applies the plan of a pipeline with a connection of its own. */
export const applyPipelineTopics = async (
  pipeline: Pipeline,
  brokers: readonly string[],
  context: Context,
): Promise<AppliedTopics> => {
  const kafka = connectKafka(context, brokers)
  try {
    await kafka.admin.checkVersion()
    return await applyTopics(kafka, pipeline.name, topicPlan(pipeline))
  } finally {
    await kafka.stop()
  }
}

/** `headrace topics apply DIR` and `headrace topics list DIR`. */
export const addTopics = (program: Command, context: Context): void => {
  const { out, config } = context
  const topics = program.command('topics').description('Kafka topics of a pipeline')
  topics
    .command('apply')
    .description(
      'make the missing topics, write the markers of their making, enlarge those that take too small records; safe to repeat',
    )
    .argument('<dir>', 'folder that holds pipeline.yaml')
    .option('--kafka <brokers>', 'host:port, several separated by commas')
    .option('--json', 'print one JSON object')
    .action(async (dir: string, options: { readonly kafka?: string }) => {
      const brokers = brokersOf(options.kafka, config)
      const pipeline = loadPipeline(readPipelineFolder(dir))
      const applied = await applyPipelineTopics(pipeline, brokers, context)
      out.value({ pipeline: pipeline.name, topics: topicPlan(pipeline).length, ...applied })
      for (const topic of applied.created) out.line(`${out.paint('green', '+')} ${topic}`)
      for (const topic of applied.enlarged)
        out.line(`${out.paint('green', '~')} ${topic} takes larger records`)
      out.line(
        `${topicPlan(pipeline).length} topics: ${applied.created.length} made, ${applied.marked} partitions marked`,
      )
    })
  topics
    .command('list')
    .description('print the topics of a pipeline with their configuration, without asking Kafka')
    .argument('<dir>', 'folder that holds pipeline.yaml')
    .option('--json', 'print one JSON object')
    .action((dir: string) => {
      const plan = topicPlan(loadPipeline(readPipelineFolder(dir)))
      out.value({
        topics: plan.map(({ topic, partitions, config: settings }) => ({
          topic,
          partitions,
          config: settings,
        })),
      })
      out.table(
        ['topic', 'partitions', 'cleanup', 'max bytes'],
        plan.map(({ topic, partitions, config: settings }) => [
          topic,
          String(partitions),
          settings['cleanup.policy'] ?? '',
          settings['max.message.bytes'] ?? '',
        ]),
      )
    })
}

import type { Command } from 'commander'
import { Elasticsearch } from '@headrace/elasticsearch'
import { HeadraceError } from '@headrace/errors'
import { loadPipeline } from '@headrace/pipeline'
import { connect, describeAddress } from '@headrace/postgres'
import { readPipelineFolder } from '@headrace/runtime'
import { confirm } from '../confirm.ts'
import { connectKafka } from '../connect-kafka.ts'
import type { Context } from '../output.ts'
import { madeInElasticsearch, madeInKafka, madeInPostgres, type MadeThing } from '../remove/made-things.ts'
import { elasticsearchUrlOf } from './view.ts'
import { brokersOf } from './topics.ts'

interface Options {
  readonly postgres?: string
  readonly kafka?: string
  readonly elasticsearch?: string
  readonly yes?: boolean
}

interface Server {
  readonly name: string
  readonly address: string
  readonly made: readonly MadeThing[]
  stop(): Promise<unknown>
}

type Pipeline = ReturnType<typeof loadPipeline>

const lookInto = async (
  context: Context,
  pipeline: Pipeline,
  options: Options,
): Promise<readonly Server[]> => {
  const { config } = context
  const found: Server[] = []
  const postgres = options.postgres ?? config.postgresUrl?.reveal()
  if (postgres !== undefined) {
    const session = await connect({ url: postgres, applicationName: 'headrace-cli' })
    const made = await madeInPostgres(session, pipeline)
    found.push({
      name: 'Postgres',
      address: describeAddress({ url: postgres }),
      made,
      stop: () => session.stop(),
    })
  }
  if (options.kafka !== undefined || config.kafkaBrokers !== undefined) {
    const brokers = brokersOf(options.kafka, config)
    const kafka = connectKafka(context, brokers)
    const made = await madeInKafka(kafka, pipeline)
    found.push({ name: 'Kafka', address: brokers.join(','), made, stop: () => kafka.stop() })
  }
  if (options.elasticsearch !== undefined || config.elasticsearchUrl !== undefined) {
    const url = elasticsearchUrlOf(options.elasticsearch, config)
    const elasticsearch = new Elasticsearch({ url })
    const made = await madeInElasticsearch(elasticsearch, pipeline)
    const { host } = new URL(url)
    found.push({ name: 'Elasticsearch', address: host, made, stop: () => elasticsearch.close() })
  }
  if (found.length > 0) return found
  throw new HeadraceError('usage.invalid', 'no server given to remove anything from', {
    hint: 'Give --postgres URL, --kafka HOST:PORT, --elasticsearch URL, or those of them that are your own.',
  })
}

/** A slot that is read belongs to a capture that runs: it would make everything anew. */
const refuseInUse = (servers: readonly Server[]): void => {
  const used = servers.flatMap(({ made }) => made).find(({ usedBy }) => usedBy !== undefined)
  if (used === undefined) return
  throw new HeadraceError('remove.in_use', `${used.kind} ${used.name} is in use by ${used.usedBy ?? ''}`, {
    hint: 'Stop the services (Ctrl-C in `headrace dev`; one that was killed counts for some seconds more), then remove.',
  })
}

const list = ({ out }: Context, servers: readonly Server[]): void => {
  for (const { name, address, made } of servers) {
    out.line(`${out.paint('bold', name)} at ${address}${made.length === 0 ? ': nothing' : ''}`)
    for (const { kind, name: thing } of made) out.line(`  ${kind} ${thing}`)
  }
}

const remove = async (context: Context, dir: string, options: Options): Promise<void> => {
  const { out } = context
  const pipeline = loadPipeline(readPipelineFolder(dir))
  const servers = await lookInto(context, pipeline, options)
  try {
    const made = servers.flatMap(each => each.made)
    list(context, servers)
    refuseInUse(servers)
    const go = made.length > 0 && (await confirm('Remove all of it?', options.yes === true))
    if (go) for (const thing of made) await thing.remove()
    out.value({
      pipeline: pipeline.name,
      removed: go ? made.map(({ kind, name }) => ({ kind, name })) : [],
    })
    const rest = 'Your tables, their replica identities and the pipeline folder are as they were.'
    out.line(go ? `\n${made.length} removed. ${rest}` : '\nnothing removed')
  } finally {
    for (const server of servers) await server.stop()
  }
}

/** `headrace remove DIR`: the way back from `headrace dev` and the services. */
export const addRemove = (program: Command, context: Context): void => {
  program
    .command('remove')
    .description(
      'remove everything a pipeline made: replication slot, publication, topics, indices; lists it and asks first',
    )
    .argument('<dir>', 'folder that holds pipeline.yaml')
    .option('--postgres <url>', 'postgres://user:password@host:port/database')
    .option('--kafka <brokers>', 'host:port, several separated by commas')
    .option('--elasticsearch <url>', 'http://host:port')
    .option('--yes', 'do not ask')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nServers that are not given are left alone. Stop the services first.')
    .action((dir: string, options: Options) => remove(context, dir, options))
}

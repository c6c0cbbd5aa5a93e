import type { Elasticsearch } from '@headrace/elasticsearch'
import { ViewIndices } from '@headrace/elasticsearch'
import type { Kafka } from '@headrace/kafka'
import { type Pipeline, validatorGroup } from '@headrace/pipeline'
import {
  dropSlot,
  type PostgresSession,
  quoteIdentifier,
  readPublication,
  readSlot,
} from '@headrace/postgres'

/** Something that Headrace made on a server. */
export interface MadeThing {
  readonly kind: 'replication slot' | 'publication' | 'topic' | 'consumer group' | 'index'
  readonly name: string
  /** Who holds it now. */
  readonly usedBy?: string
  remove(): Promise<void>
}

export const madeInPostgres = async (
  session: PostgresSession,
  { sources }: Pipeline,
): Promise<readonly MadeThing[]> => {
  const found: MadeThing[] = []
  for (const { slot, publication } of sources) {
    const state = await readSlot(session, slot)
    if (state !== null) {
      found.push({
        kind: 'replication slot',
        name: slot,
        ...(state.activePid === null ? {} : { usedBy: `session ${state.activePid} of the database` }),
        remove: () => dropSlot(session, slot),
      })
    }
    if ((await readPublication(session, publication)) !== null) {
      found.push({
        kind: 'publication',
        name: publication,
        remove: async () =>
          void (await session.query(`drop publication if exists ${quoteIdentifier(publication)}`)),
      })
    }
  }
  return found
}

/** What stands behind the pipeline's name in a topic of ours, of this plan or an older one. A name has no points. */
const OUR_TOPIC =
  /^(relations|positions|contracts|control|(raw|validated|dead)\.[^.]+|eval\.[^.]+\.[^.]+|(hop|index)\.[^.]+\.[0-9a-f]{10}\..+|documents\.[^.]+\.[0-9a-f]{10})$/

/** Groups of the services: one of the validator, two of each plan of a view. */
const groupsOf = (pipeline: string, topics: readonly string[]): readonly string[] => [
  validatorGroup(pipeline),
  ...topics
    .map(topic => topic.slice(pipeline.length + 1))
    .filter(rest => rest.startsWith('documents.'))
    .map(rest => rest.slice('documents.'.length))
    .flatMap(plan => [`${pipeline}.aggregator.${plan}`, `${pipeline}.indexer.${plan}`]),
]

export const madeInKafka = async (kafka: Kafka, { name }: Pipeline): Promise<readonly MadeThing[]> => {
  const topics = (await kafka.admin.list())
    .filter(topic => topic.startsWith(`${name}.`) && OUR_TOPIC.test(topic.slice(name.length + 1)))
    .sort()
  if (topics.length === 0) return []
  // groups are found by the topics: first, so that one that is refused is found again
  return [
    ...(await Promise.all(groupsOf(name, topics).map(group => madeGroup(kafka, group)))),
    ...topics.map((topic): MadeThing => ({
      kind: 'topic',
      name: topic,
      remove: () => kafka.admin.delete([topic]),
    })),
  ]
}

const madeGroup = async ({ admin }: Kafka, name: string): Promise<MadeThing> => {
  const members = await admin.memberCount(name)
  return {
    kind: 'consumer group',
    name,
    ...(members === 0 ? {} : { usedBy: `its members (${members})` }),
    remove: () => admin.deleteGroup(name),
  }
}

interface IndexAnswer {
  readonly mappings?: { readonly _meta?: { readonly pipeline?: string } }
}

/** Indices say of which pipeline they are; their aliases go with them. */
export const madeInElasticsearch = async (
  elasticsearch: Elasticsearch,
  { name }: Pipeline,
): Promise<readonly MadeThing[]> => {
  const { body } = await elasticsearch.json<Readonly<Record<string, IndexAnswer>>>({
    method: 'GET',
    path: '/*',
    query: { filter_path: '*.mappings._meta.pipeline' },
  })
  const indices = new ViewIndices(elasticsearch)
  return Object.entries(body)
    .filter(([, { mappings }]) => mappings?._meta?.pipeline === name)
    .map(([index]): MadeThing => ({ kind: 'index', name: index, remove: () => indices.remove(index) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

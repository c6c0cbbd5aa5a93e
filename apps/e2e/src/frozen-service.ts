import type { DevState, KafkaOffsets, TestDatabase } from '@headrace/testkit'
import { topicNames } from '@headrace/wire'
import { imageSearch } from './examples.ts'

export type KilledService = 'capture' | 'validator' | 'aggregator' | 'indexer' | 'search'

/** What a service left undone when it was frozen. */
export interface Unfinished {
  /** Records it had still to take (capture: bytes of WAL that were not acknowledged). */
  readonly lag: number
  /** Records of a transaction that was neither committed nor aborted. */
  readonly open: number
}

interface Flow {
  readonly group: string | undefined
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

const PARTITIONS = 4
const EDGES = ['annotations', 'slices'] as const
/** Read as a whole by everyone: the group has no offset for it. */
const BROADCAST = 'slice'

/** Topics and group of each service (docs/architecture.md). */
const flowOf = (service: Exclude<KilledService, 'search'>, { pipeline, views }: DevState): Flow => {
  const topics = topicNames(pipeline)
  const { name, plan } = views[0] ?? { name: '', plan: '' }
  const { datasets } = imageSearch
  const raw = datasets.map(dataset => topics.raw(dataset))
  const validated = datasets.map(dataset => topics.validated(dataset))
  const hops = EDGES.map(edge => topics.hop(name, plan, edge))
  const documents = topics.documents(name, plan)
  switch (service) {
    case 'capture':
      return { group: undefined, inputs: [], outputs: raw }
    case 'validator':
      return { group: `${pipeline}.validator`, inputs: raw, outputs: validated }
    case 'aggregator':
      return {
        group: `${pipeline}.aggregator.${name}.${plan}`,
        inputs: [...validated.filter(topic => topic !== topics.validated(BROADCAST)), ...hops],
        outputs: [...hops, ...EDGES.map(edge => topics.index(name, plan, edge)), documents],
      }
    case 'indexer':
      return { group: `${pipeline}.indexer.${name}.${plan}`, inputs: [documents], outputs: [] }
  }
}

/** Looks at a service from outside, while it is stopped by SIGSTOP and cannot move. */
export const lookAtFrozen = async (
  service: Exclude<KilledService, 'search'>,
  state: DevState,
  kafka: KafkaOffsets,
  database: TestDatabase,
): Promise<Unfinished> => {
  const { group, inputs, outputs } = flowOf(service, state)
  let [lag, open] = [0, 0]
  for (const topic of outputs) {
    for (const { high, stable } of await kafka.ends(topic, PARTITIONS)) open += Number(high - stable)
  }
  for (const topic of group === undefined ? [] : inputs) {
    const committed = await kafka.committed(group ?? '', topic, PARTITIONS)
    for (const [partition, { stable }] of (await kafka.ends(topic, PARTITIONS)).entries()) {
      const next = committed[partition] ?? -1n
      lag += Number(stable - (next < 0n ? 0n : next))
    }
  }
  if (service === 'capture') {
    const [slot] = await database.query<{ lag: number }>(
      'select (pg_current_wal_flush_lsn() - confirmed_flush_lsn)::float8 as lag from pg_replication_slots where database = $1',
      [database.name],
    )
    lag = slot?.lag ?? 0
  }
  return { lag, open }
}

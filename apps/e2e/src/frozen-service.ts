import { type DevState, type KafkaOffsets, type Random, type TestDatabase, waitFor } from '@headrace/testkit'
import { topicNames } from '@headrace/wire'
import type { Chain } from './chain.ts'

/** All but search, which has no work of its own. */
export type StatefulService = 'capture' | 'validator' | 'aggregator' | 'indexer'

export type KilledService = StatefulService | 'search'

/** What a service left undone when it was frozen. */
export interface Unfinished {
  /** Records it had still to take (capture: bytes of WAL that were not acknowledged). */
  readonly lag: number
  /** Records of a transaction that was neither committed nor aborted. */
  readonly open: number
}

export interface Kill extends Unfinished {
  readonly service: KilledService
}

/** One consumer group, what it reads and what it writes. */
interface Flow {
  readonly group: string | undefined
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

type Looked = Pick<Chain<unknown>, 'dev' | 'database' | 'datasets' | 'edges'>

const PARTITIONS = 4

/** Topics and groups of each service (docs/architecture.md); aggregator and indexer have one group per view. */
const flowsOf = (service: StatefulService, state: DevState, chain: Looked): readonly Flow[] => {
  const { pipeline, views } = state
  const topics = topicNames(pipeline)
  const raw = chain.datasets.map(dataset => topics.raw(dataset))
  const validated = chain.datasets.map(dataset => topics.validated(dataset))
  switch (service) {
    case 'capture':
      return [{ group: undefined, inputs: [], outputs: raw }]
    case 'validator':
      return [{ group: `${pipeline}.validator`, inputs: raw, outputs: validated }]
    case 'aggregator':
      return views.map(({ name, plan }) => {
        const hops = chain.edges(name).map(edge => topics.hop(name, plan, edge))
        const indexes = chain.edges(name).map(edge => topics.index(name, plan, edge))
        return {
          group: `${pipeline}.aggregator.${name}.${plan}`,
          inputs: [...validated, ...hops],
          outputs: [...hops, ...indexes, topics.documents(name, plan)],
        }
      })
    case 'indexer':
      return views.map(({ name, plan }) => ({
        group: `${pipeline}.indexer.${name}.${plan}`,
        inputs: [topics.documents(name, plan)],
        outputs: [],
      }))
  }
}

const walLag = async (database: TestDatabase): Promise<number> => {
  const [slot] = await database.query<{ lag: number }>(
    'select (pg_current_wal_flush_lsn() - confirmed_flush_lsn)::float8 as lag from pg_replication_slots where database = $1',
    [database.name],
  )
  return slot?.lag ?? 0
}

/** Records behind the group's committed offsets. A topic that the group never committed is none of its inputs, or not yet. */
const lagOf = async ({ group, inputs }: Flow, kafka: KafkaOffsets): Promise<number> => {
  let lag = 0
  for (const topic of group === undefined ? [] : inputs) {
    const committed = await kafka.committed(group ?? '', topic, PARTITIONS)
    if (committed.every(offset => offset < 0n)) continue
    for (const [partition, { stable }] of (await kafka.ends(topic, PARTITIONS)).entries()) {
      const next = committed[partition] ?? -1n
      lag += Number(stable - (next < 0n ? 0n : next))
    }
  }
  return lag
}

const openOf = async ({ outputs }: Flow, kafka: KafkaOffsets): Promise<number> => {
  let open = 0
  for (const topic of outputs) {
    for (const { high, stable } of await kafka.ends(topic, PARTITIONS)) open += Number(high - stable)
  }
  return open
}

/**
 * Looks at a service from outside, while it is stopped by SIGSTOP and cannot move; of a service with several groups at one of
 * them, since who is frozen for longer than its session is thrown out of its groups.
 */
const lookAtFrozen = async (
  service: Exclude<KilledService, 'search'>,
  chain: Looked,
  kafka: KafkaOffsets,
  random: Random,
): Promise<Unfinished> => {
  const flow = random.pick(flowsOf(service, chain.dev.state(), chain))
  const open = await openOf(flow, kafka)
  if (open === 0 && service !== 'indexer') return { lag: 0, open }
  return { lag: service === 'capture' ? await walLag(chain.database) : await lagOf(flow, kafka), open }
}

/** A service that stands still in the middle of its work. */
export interface Frozen extends Unfinished {
  readonly service: StatefulService
  readonly pid: number
}

/** One look: frozen, it cannot finish what we see; it stays so only if work is under way, else it goes on. */
const tryToFreeze = async (
  service: StatefulService,
  chain: Looked,
  kafka: KafkaOffsets,
  random: Random,
): Promise<Frozen | undefined> => {
  const { pid, state: phase } = chain.dev.state().services[service] ?? {}
  if (pid === undefined || phase !== 'ready') return undefined
  process.kill(pid, 'SIGSTOP')
  let atWork = false
  try {
    const { lag, open } = await lookAtFrozen(service, chain, kafka, random)
    // the indexer commits without a transaction
    atWork = lag > 0 && (open > 0 || service === 'indexer')
    return atWork ? { service, pid, lag, open } : undefined
  } finally {
    if (!atWork) process.kill(pid, 'SIGCONT')
  }
}

/** SIGSTOP to a service at a moment when it has lag and an open transaction. */
export const freezeAtWork = (
  service: StatefulService,
  chain: Looked,
  kafka: KafkaOffsets,
  random: Random,
): Promise<Frozen> =>
  waitFor(() => tryToFreeze(service, chain, kafka, random), {
    what: `${service} to be at work`,
    timeoutMs: 180_000,
    everyMs: random.int(20, 60),
  })

/**
 * Kills a service by SIGKILL at a moment when it has lag and an open transaction. Search has no work of its own. What must be
 * done before another process takes its place is done while it is frozen.
 */
export const killAtWork = async (
  service: KilledService,
  chain: Looked,
  kafka: KafkaOffsets,
  random: Random,
  whileFrozen: () => void = () => undefined,
): Promise<Kill> => {
  if (service === 'search') {
    const pid = await waitFor(() => chain.dev.state().services[service]?.pid, { what: 'search to run' })
    process.kill(pid, 'SIGKILL')
    return { service, lag: 0, open: 0 }
  }
  const { pid, lag, open } = await freezeAtWork(service, chain, kafka, random)
  try {
    whileFrozen()
  } finally {
    process.kill(pid, 'SIGKILL')
  }
  return { service, lag, open }
}

/** Waits until dev has started it again for the n-th time. */
export const untilRestarted = (service: KilledService, chain: Looked, restarts: number): Promise<unknown> =>
  waitFor(
    () => {
      const now = chain.dev.state().services[service]
      return now?.state === 'ready' && now.restarts >= restarts
    },
    { what: `${service} to be ready again`, timeoutMs: 240_000, everyMs: 50 },
  )

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Dataset } from '@headrace/example-image-search'
import { type Stack, startStack } from '@headrace/local-stack'
import { openKafkaOffsets, seededRandom, waitFor } from '@headrace/testkit'
import { topicNames } from '@headrace/wire'
import { type Chain, startChain } from './chain.ts'
import { imageSearch } from './examples.ts'
import { errorLines, type ServiceWatch, unreadableLines, watchServices } from './service-watch.ts'
import { startSteadyWriters, type SteadyWriters } from './steady-writers.ts'

const SERVERS = ['postgres', 'kafka', 'elasticsearch'] as const
type Server = (typeof SERVERS)[number]

const IMAGES = 300
const PARTITIONS = 4
const START_MS = 600_000
/** How long a server is away; HEADRACE_TEST_OUTAGE_S makes it longer. */
const OUTAGE_MS = Number(process.env['HEADRACE_TEST_OUTAGE_S'] ?? 30) * 1_000
const SETTLE_MS = 240_000

/** Who cannot work without it. */
const DEPENDANTS: Readonly<Record<Server, readonly string[]>> = {
  postgres: ['capture'],
  kafka: ['aggregator', 'capture', 'indexer', 'validator'],
  elasticsearch: ['indexer', 'search'],
}

describe('an outage of a server under load', () => {
  const random = seededRandom()
  let stack: Stack
  let chain: Chain<Dataset>
  let watch: ServiceWatch
  let writers: SteadyWriters

  beforeAll(async () => {
    stack = await startStack({
      ephemeral: true,
      own: true,
      options: { kafka: { heap: '384m' }, elasticsearch: { heap: '512m' } },
    })
    const { postgresUrl, elasticsearchUrl } = stack
    const servers = { postgresUrl, elasticsearchUrl, kafkaBrokers: [...stack.kafkaBrokers] }
    chain = await startChain(imageSearch, { prefix: 'outages', size: IMAGES, servers })
    watch = watchServices(chain.dev)
  }, START_MS)

  // one that failed must not take the others with it
  afterEach(async () => {
    for (const server of SERVERS) if (stack.pids[server] === undefined) await stack.restart(server)
    await writers?.stop()
  }, START_MS)

  afterAll(async () => {
    watch?.stop()
    await chain?.stop()
    await stack?.stop()
  }, START_MS)

  const restarts = (): Readonly<Record<string, number>> =>
    Object.fromEntries(
      Object.entries(chain.dev.state().services).map(([name, service]) => [name, service.restarts]),
    )

  const kill = (server: Server): Promise<void> => stack.kill(server)

  /** A signal to the server alone, and its end. */
  const end = async (server: Server, signal: NodeJS.Signals): Promise<void> => {
    const pid = stack.pids[server]
    if (pid === undefined) throw new Error(`${server} does not run`)
    process.kill(pid, signal)
    await waitFor(() => stack.pids[server] === undefined, { what: `${server} to end`, timeoutMs: 180_000 })
  }

  const away = async (ms: number): Promise<void> => {
    const began = performance.now()
    await waitFor(() => performance.now() - began >= ms, {
      what: 'the outage to last',
      timeoutMs: ms + 10_000,
      everyMs: 100,
    })
  }

  const deadLetters = async (): Promise<number> => {
    const kafka = openKafkaOffsets(stack.kafkaBrokers[0] ?? '')
    try {
      const topics = topicNames(chain.ready.pipeline)
      let count = 0
      for (const dataset of imageSearch.datasets)
        for (const { high } of await kafka.ends(topics.dead(dataset), PARTITIONS)) count += Number(high)
      return count
    } finally {
      kafka.close()
    }
  }

  /** There is load before the outage and after it. */
  const untilMoreIsWritten = async (): Promise<void> => {
    const enough = writers.written.changes + 100
    await waitFor(() => writers.written.changes >= enough, { what: 'writes', timeoutMs: 180_000 })
  }

  /** Nobody helps: when the servers are back, all services come back, and every document equals hand-written SQL. */
  const expectRecovered = async (what: string, before: Readonly<Record<string, number>>): Promise<void> => {
    const back = performance.now()
    await waitFor(() => Object.values(chain.dev.state().services).every(({ state }) => state === 'ready'), {
      what: 'all services to be ready again',
      timeoutMs: SETTLE_MS,
      everyMs: 100,
    })
    const readyS = (performance.now() - back) / 1000
    await untilMoreIsWritten()
    await writers.stop()
    const { compared, differences } = await chain.waitUntilEqual()
    const equalS = (performance.now() - back) / 1000
    const after = restarts()
    const more = Object.fromEntries(
      Object.entries(after).flatMap(([name, count]) =>
        count > (before[name] ?? 0) ? [[name, count - (before[name] ?? 0)]] : [],
      ),
    )
    process.stderr.write(
      `${what}: ${writers.written}; ${writers.reconnects} reconnects; ready ${readyS.toFixed(1)} s after, equal ${equalS.toFixed(1)} s after; ` +
        `${compared} documents compared, restarts ${JSON.stringify(more)}, seed ${random.seed}\n`,
    )
    expect({ seed: random.seed, differences: differences.slice(0, 5) }).toEqual({
      seed: random.seed,
      differences: [],
    })
    expect(compared).toBeGreaterThan(0)
    expect(await deadLetters()).toBe(0)
    expect([...watch.stalled]).toEqual([])
    expect(unreadableLines(chain.ready.folder)).toEqual([])
    // a transaction that was open may have timed out meanwhile: only then a process ends, and is started again
    expect(errorLines(chain.ready.folder).filter(line => !line.includes('kafka.writer_fenced'))).toEqual([])
  }

  const outage = async (
    what: string,
    servers: readonly Server[],
    run: (seenRed: () => Promise<void>) => Promise<void>,
  ): Promise<void> => {
    writers = startSteadyWriters({
      database: chain.database,
      random: random.fork(what),
      images: IMAGES,
      annotations: chain.rows.annotations.length,
    })
    await untilMoreIsWritten()
    watch.begin()
    const before = restarts()
    const expected = servers.flatMap(server => DEPENDANTS[server])
    await run(async () => {
      await waitFor(() => expected.every(name => watch.red.has(name)), {
        what: `${expected.join(', ')} to be red while ${servers.join(', ')} is away, seen: ${[...watch.red].join(', ')}`,
        timeoutMs: 180_000,
      })
    })
    await expectRecovered(what, before)
  }

  it(
    `Elasticsearch, killed, for ${OUTAGE_MS / 1000} s`,
    async () => {
      await outage('Elasticsearch killed', ['elasticsearch'], async seenRed => {
        await kill('elasticsearch')
        await Promise.all([away(OUTAGE_MS), seenRed()])
        await stack.restart('elasticsearch')
      })
    },
    OUTAGE_MS + 1_200_000,
  )

  it('Kafka, killed and started at once', async () => {
    await outage('Kafka killed', [], async () => {
      await kill('kafka')
      await stack.restart('kafka')
    })
  }, 1_200_000)

  it(
    `Kafka, stopped in an orderly way, for ${OUTAGE_MS / 1000} s`,
    async () => {
      await outage('Kafka stopped', ['kafka'], async seenRed => {
        await end('kafka', 'SIGTERM')
        await Promise.all([away(OUTAGE_MS), seenRed()])
        await stack.restart('kafka')
      })
    },
    OUTAGE_MS + 1_200_000,
  )

  it('Postgres, stopped at once (immediate) and started', async () => {
    await outage('Postgres immediate', ['postgres'], async seenRed => {
      await end('postgres', 'SIGQUIT')
      await seenRed()
      await stack.restart('postgres')
    })
  }, 1_200_000)

  it(
    `Postgres, stopped (fast), for ${OUTAGE_MS / 1000} s`,
    async () => {
      await outage('Postgres stopped', ['postgres'], async seenRed => {
        await end('postgres', 'SIGINT')
        await Promise.all([away(OUTAGE_MS), seenRed()])
        await stack.restart('postgres')
      })
    },
    OUTAGE_MS + 1_200_000,
  )

  it('all three, one after another', async () => {
    await outage('all three', ['elasticsearch', 'kafka', 'postgres'], async () => {
      await kill('elasticsearch')
      await kill('kafka')
      await stack.restart('elasticsearch')
      await end('postgres', 'SIGQUIT')
      await stack.restart('kafka')
      await stack.restart('postgres')
    })
  }, 1_200_000)
})

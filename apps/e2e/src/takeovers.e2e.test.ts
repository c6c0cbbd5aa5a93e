import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Dataset } from '@headrace/example-image-search'
import { type KafkaOffsets, openKafkaOffsets, seededRandom, waitFor } from '@headrace/testkit'
import { type Chain, DEV_START_MS, startChain } from './chain.ts'
import { imageSearch } from './examples.ts'
import { freezeAtWork, type Frozen, type StatefulService } from './frozen-service.ts'
import { readRawHistory } from './raw-history.ts'
import { type SecondInstance, startSecondInstance } from './second-instance.ts'
import { startSteadyWriters, type SteadyWriters } from './steady-writers.ts'

const IMAGES = 300
const PARTITIONS = 4
/** Beyond the ids that random changes meet. */
const EVERYWHERE = 900_000_001
const RENAME = `insert into slice (id, dataset_id, name) values (${EVERYWHERE}, 1, $1)
  on conflict (id) do update set name = excluded.name`
const REBALANCES = 3

/** What each says when it has its work. */
const WORKS: Readonly<Record<StatefulService, string>> = {
  capture: '"msg":"streaming"',
  validator: '"msg":"partitions assigned"',
  aggregator: '"msg":"a state store ',
  indexer: '"msg":"partitions assigned"',
}

describe('a service that is there twice', () => {
  const random = seededRandom()
  const instances: SecondInstance[] = []
  let chain: Chain<Dataset>
  let kafka: KafkaOffsets

  beforeAll(async () => {
    chain = await startChain(imageSearch, { prefix: 'takeovers', size: IMAGES })
    kafka = openKafkaOffsets(chain.servers.kafkaBrokers[0] ?? '')
  }, DEV_START_MS)

  afterAll(async () => {
    kafka?.close()
    for (const instance of instances) instance.remove()
    await chain?.stop()
  }, DEV_START_MS)

  const startSecond = (service: StatefulService): SecondInstance => {
    const { pipelineDir, servers, database } = chain
    const instance = startSecondInstance({
      service,
      pipelineDir,
      servers: {
        postgresUrl: database.url,
        kafkaBrokers: servers.kafkaBrokers,
        elasticsearchUrl: servers.elasticsearchUrl,
      },
    })
    instances.push(instance)
    return instance
  }

  const works = (service: StatefulService, instance: SecondInstance): Promise<unknown> =>
    waitFor(() => instance.said(WORKS[service]), {
      what: `the second ${service} to have work`,
      timeoutMs: 240_000,
      everyMs: 100,
    })

  const startWriters = (what: string): SteadyWriters =>
    startSteadyWriters({
      database: chain.database,
      random: random.fork(what),
      images: IMAGES,
      annotations: chain.rows.annotations.length,
    })

  const expectEqual = async (what: string): Promise<void> => {
    const { compared, differences } = await chain.waitUntilEqual()
    process.stderr.write(`${what}; ${compared} documents compared, seed ${random.seed}\n`)
    expect({ seed: random.seed, differences: differences.slice(0, 5) }).toEqual({
      seed: random.seed,
      differences: [],
    })
    expect(compared).toBeGreaterThan(0)
    const { servers, ready } = chain
    const { pipeline } = ready
    const history = await readRawHistory({
      servers,
      pipeline,
      datasets: imageSearch.datasets,
      partitions: PARTITIONS,
    })
    expect(history.disorder).toEqual([])
    expect(history.changes).toBeGreaterThan(0)
  }

  const ready = (): Promise<unknown> =>
    waitFor(() => Object.values(chain.dev.state().services).every(({ state }) => state === 'ready'), {
      what: 'all services to be ready',
      timeoutMs: 240_000,
      everyMs: 100,
    })

  it('because it was frozen in the middle of its work until another took over: nothing is doubled or lost', async () => {
    const writers = startWriters('zombies')
    const frozen: Frozen[] = []
    // downstream first: whoever gets no more input is never found at work
    for (const service of ['indexer', 'aggregator', 'validator', 'capture'] as const)
      frozen.push(await freezeAtWork(service, chain, kafka, random))
    const heirs = frozen.map(({ service }) => ({ service, instance: startSecond(service) }))
    try {
      for (const { service, instance } of heirs) await works(service, instance)
    } finally {
      for (const { pid } of frozen) process.kill(pid, 'SIGCONT')
    }
    // what the woken capture had begun is lost; it begins anew, which fences its heir in turn
    const [capture, ...others] = [...heirs].reverse()
    expect(await capture?.instance.ended).toBe(75)
    await ready()
    for (const { instance } of others) expect(await instance.end('SIGTERM')).toBe(0)
    await writers.stop()
    const what = frozen.map(({ service, lag, open }) => `${service} with lag ${lag}, open ${open}`)
    await expectEqual(`frozen: ${what.join('; ')}; ${writers.written}`)
  }, 1_200_000)

  it('because a second one comes and goes under load, while a slice that is in all images is renamed over and over', async () => {
    await chain.database.query(RENAME, ['everywhere'])
    await chain.database.query(
      `insert into slice_image (slice_id, image_id) select ${EVERYWHERE}, id from image on conflict do nothing`,
    )
    const writers = startWriters('rebalances')
    const stop = new AbortController()
    let renames = 0
    const renaming = (async () => {
      while (!stop.signal.aborted) {
        await chain.database.query(RENAME, [`everywhere ${++renames}`])
        await chain.database.query('select pg_sleep(0.1)')
      }
    })()
    const before = chain.dev.state().services
    try {
      for (let round = 1; round <= REBALANCES; round++) {
        const aggregator = startSecond('aggregator')
        const validator = startSecond('validator')
        await works('aggregator', aggregator)
        await works('validator', validator)
        // one leaves in order, the other is missed only when its session ends; in turn
        const [first, second] = round % 2 === 1 ? [aggregator, validator] : [validator, aggregator]
        expect(await first.end('SIGTERM')).toBe(0)
        expect(await second.end('SIGKILL')).toBeNull()
      }
    } finally {
      stop.abort()
      await renaming
    }
    await writers.stop()
    await expectEqual(
      `${REBALANCES} times a second one came and went; ${renames} renames; ${writers.written}`,
    )
    const restarts = (services: typeof before): readonly number[] =>
      Object.values(services).map(service => service.restarts)
    expect(restarts(chain.dev.state().services)).toEqual(restarts(before))
  }, 1_200_000)
})

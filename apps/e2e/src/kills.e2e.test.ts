import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Dataset, writeRandomChanges } from '@headrace/example-image-search'
import { backends, type KafkaOffsets, openKafkaOffsets, seededRandom } from '@headrace/testkit'
import { type Chain, DEV_START_MS, startChain } from './chain.ts'
import { imageSearch } from './examples.ts'
import { type Kill, killAtWork, type KilledService, untilRestarted } from './frozen-service.ts'

const IMAGES = 300
const CHANGES_PER_KILL = 1_000
const ROUNDS = 2
const SERVICES: readonly KilledService[] = ['capture', 'validator', 'aggregator', 'indexer', 'search']

describe('a service that is killed', () => {
  let chain: Chain<Dataset>
  let kafka: KafkaOffsets
  const random = seededRandom()
  beforeAll(async () => {
    chain = await startChain(imageSearch, { prefix: 'kills', size: IMAGES })
    kafka = openKafkaOffsets(backends().kafkaBrokers[0] ?? '')
  }, DEV_START_MS)
  afterAll(async () => {
    kafka?.close()
    await chain?.stop()
  }, DEV_START_MS)

  let bursts = 0
  const burst = async (signal: AbortSignal): Promise<void> => {
    // at least one burst is written whole; more follow until the kill is done
    do {
      bursts++
      await writeRandomChanges({
        database: chain.database,
        random: random.fork(`burst ${bursts}`),
        changes: CHANGES_PER_KILL,
        writers: 4,
        images: IMAGES,
        annotations: chain.rows.annotations.length,
        firstNewId: 10_000_000 + bursts * 10_000_000,
      })
    } while (!signal.aborted)
  }

  it(`is started again, and every document equals hand-written SQL (${ROUNDS} kills of each, each with work under way)`, async () => {
    const kills: Kill[] = []
    for (let round = 1; round <= ROUNDS; round++) {
      for (const service of SERVICES) {
        const done = new AbortController()
        const writing = burst(done.signal)
        try {
          kills.push(await killAtWork(service, chain, kafka, random))
        } finally {
          done.abort()
          await writing
        }
        await untilRestarted(service, chain, round)
      }
    }
    process.stderr.write(
      `${kills.map(({ service, lag, open }) => `${service}: lag ${lag}, open ${open}`).join('\n')}\nseed ${random.seed}, ${bursts} bursts of ${CHANGES_PER_KILL} changes\n`,
    )
    expect(kills.filter(({ lag }) => lag > 0)).toHaveLength(ROUNDS * 4)
    expect(kills.filter(({ open }) => open > 0).map(({ service }) => service)).toEqual(
      Array.from({ length: ROUNDS }, () => ['capture', 'validator', 'aggregator']).flat(),
    )
    const { compared, differences } = await chain.waitUntilEqual(undefined, 90_000)
    expect({ seed: random.seed, differences: differences.slice(0, 5) }).toEqual({
      seed: random.seed,
      differences: [],
    })
    expect(compared).toBeGreaterThan(0)
    // each was started again for our kills only
    expect(
      Object.fromEntries(
        Object.entries(chain.dev.state().services).map(([name, { restarts }]) => [name, restarts]),
      ),
    ).toEqual(Object.fromEntries(SERVICES.map(name => [name, ROUNDS])))
  }, 600_000)
})

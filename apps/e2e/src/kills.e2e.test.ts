import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Dataset, writeRandomChanges } from '@headrace/example-image-search'
import { backends, type KafkaOffsets, openKafkaOffsets, seededRandom, waitFor } from '@headrace/testkit'
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Chain, DEV_START_MS, startChain } from './chain.ts'
import { imageSearch } from './examples.ts'
import { type Kill, killAtWork, type KilledService, untilRestarted } from './frozen-service.ts'
import { killInFirstLoad } from './kill-in-first-load.ts'
import { WrittenChanges } from './written-changes.ts'

const IMAGES = 1_500
const CHANGES = 10_000
const ROUNDS = 3
const SERVICES: readonly KilledService[] = ['capture', 'validator', 'aggregator', 'indexer', 'search']
const CHANGES_PER_KILL = Math.ceil(CHANGES / ROUNDS / SERVICES.length)
/** Then the aggregator loses its disk too. */
const DISK_LOST_IN_ROUND = 2
const PARTITIONS = 4
const START_MS = 2 * DEV_START_MS

const rowsOf = ({ images, annotations, slices, sliceImages }: Dataset): number =>
  images.length + annotations.length + slices.length + sliceImages.length

describe('a service that is killed', () => {
  const random = seededRandom()
  let chain: Chain<Dataset>
  let kafka: KafkaOffsets
  let loaded = 0
  let rows = 0

  beforeAll(async () => {
    kafka = openKafkaOffsets(backends().kafkaBrokers[0] ?? '')
    rows = rowsOf(imageSearch.makeRows(seededRandom(IMAGES), IMAGES))
    let killing: Promise<number> = Promise.reject(new Error('dev was not started'))
    killing.catch(() => undefined)
    const starting = startChain(imageSearch, {
      prefix: 'kills',
      size: IMAGES,
      beforeStart: async database => {
        const meanwhile = async (): Promise<void> => {
          await database.query('delete from image where id % 3 = 0')
          await database.query('delete from annotation where id % 5 = 0')
          await database.query('delete from slice_image where image_id % 7 = 0')
        }
        killing = killInFirstLoad({ database, kafka, rows, meanwhile })
      },
    })
    const [started] = await Promise.allSettled([starting])
    const [killed] = await Promise.allSettled([killing])
    if (started.status === 'rejected') throw started.reason
    chain = started.value
    if (killed.status === 'rejected') throw killed.reason
    loaded = killed.value
  }, START_MS)

  afterAll(async () => {
    kafka?.close()
    await chain?.stop()
  }, START_MS)

  const compare = async (): Promise<number> => {
    const { compared, differences } = await chain.waitUntilEqual()
    // the seed repeats the statements of each writer
    expect({ seed: random.seed, differences: differences.slice(0, 5) }).toEqual({
      seed: random.seed,
      differences: [],
    })
    expect(compared).toBeGreaterThan(0)
    return compared
  }

  it('in its first load leaves nothing of the rows that were deleted meanwhile (C12)', async () => {
    // some rows were in Kafka, others were not
    expect(loaded).toBeGreaterThan(0)
    expect(loaded).toBeLessThan(rows)
    expect(chain.dev.state().services['capture']?.restarts).toBe(1)
    const compared = await compare()
    expect(compared).toBe(IMAGES - IMAGES / 3)
    process.stderr.write(
      `capture killed with ${loaded} of ${rows} rows in Kafka, ${compared} documents compared\n`,
    )
  }, 600_000)

  let bursts = 0
  const written = new WrittenChanges()
  const burst = async (signal: AbortSignal): Promise<void> => {
    // at least one burst is written whole; more follow until the kill is done
    do {
      bursts++
      written.add(
        await writeRandomChanges({
          database: chain.database,
          random: random.fork(`burst ${bursts}`),
          changes: CHANGES_PER_KILL,
          writers: 4,
          images: IMAGES,
          annotations: chain.rows.annotations.length,
          firstNewId: 10_000_000 + bursts * 10_000_000,
        }),
      )
    } while (!signal.aborted)
  }

  const aggregatorFolder = (): string => join(chain.ready.folder, 'data', 'aggregator')

  /** In one step, so that the next process finds nothing. */
  const loseDisk = (): void => {
    const folder = aggregatorFolder()
    const lost = `${folder}.lost`
    renameSync(folder, lost)
    expect(existsSync(folder)).toBe(false)
    rmSync(lost, { recursive: true, force: true })
  }

  /** What the aggregator's stores began with, process after process. */
  const beginnings = (): readonly string[] =>
    readFileSync(join(chain.ready.folder, 'logs', 'aggregator.log'), 'utf8')
      .split('\n')
      .flatMap(line => /"beginning":"([^"]+)"/.exec(line)?.[1] ?? [])

  /** How each partition began behind that; a member that was missed for a while would begin once more. */
  const begunSince = async (before: number): Promise<string[]> => {
    const enough = before + PARTITIONS
    await waitFor(() => beginnings().length >= enough, { what: 'the stores of all partitions' })
    return beginnings().slice(before, enough)
  }

  it(`is started again, and every document equals hand-written SQL (${ROUNDS} kills of each, each with work under way; ${CHANGES} changes; the aggregator's disk lost once)`, async () => {
    const kills: Kill[] = []
    const began: string[][] = []
    for (let round = 1; round <= ROUNDS; round++) {
      for (const service of SERVICES) {
        const done = new AbortController()
        const writing = burst(done.signal)
        let before = 0
        const restarts = chain.dev.state().services[service]?.restarts ?? 0
        try {
          const whileFrozen = (): void => {
            if (service !== 'aggregator') return
            before = beginnings().length
            if (round === DISK_LOST_IN_ROUND) loseDisk()
          }
          kills.push(await killAtWork(service, chain, kafka, random, whileFrozen))
        } finally {
          done.abort()
          await writing
        }
        await untilRestarted(service, chain, restarts + 1)
        if (service === 'aggregator') began.push(await begunSince(before))
      }
    }
    process.stderr.write(
      `${kills.map(({ service, lag, open }) => `${service}: lag ${lag}, open ${open}`).join('\n')}\n` +
        `seed ${random.seed}, ${bursts} bursts, ${written}\n`,
    )
    expect(written.changes).toBeGreaterThanOrEqual(CHANGES)
    expect(kills.filter(({ lag }) => lag > 0)).toHaveLength(ROUNDS * 4)
    expect(kills.filter(({ open }) => open > 0).map(({ service }) => service)).toEqual(
      Array.from({ length: ROUNDS }, () => ['capture', 'validator', 'aggregator']).flat(),
    )
    // the folder was really gone, and made anew
    expect(existsSync(aggregatorFolder())).toBe(true)
    expect(began).toEqual(
      Array.from({ length: ROUNDS }, (_, at) =>
        Array.from({ length: PARTITIONS }, () => (at + 1 === DISK_LOST_IN_ROUND ? 'new' : 'kept')),
      ),
    )
    process.stderr.write(`${await compare()} documents compared\n`)
    // each was started again for our kills only
    expect(
      Object.fromEntries(
        Object.entries(chain.dev.state().services).map(([name, { restarts }]) => [name, restarts]),
      ),
    ).toEqual(Object.fromEntries(SERVICES.map(name => [name, ROUNDS + (name === 'capture' ? 1 : 0)])))
  }, 1_800_000)
})

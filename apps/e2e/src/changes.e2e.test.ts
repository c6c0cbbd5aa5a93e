import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Dataset, writeRandomChanges } from '@headrace/example-image-search'
import { seededRandom, waitFor } from '@headrace/testkit'
import { type Chain, DEV_START_MS, startChain } from './chain.ts'
import { imageSearch } from './examples.ts'
import { WrittenChanges } from './written-changes.ts'

const CHANGES = 10_000
const WRITERS = 4
const IMAGES = 300

describe('changes in Postgres reach the search API', () => {
  let chain: Chain<Dataset>
  beforeAll(async () => {
    chain = await startChain(imageSearch, { prefix: 'changes', size: IMAGES })
  }, DEV_START_MS)
  afterAll(async () => {
    await chain?.stop()
  }, DEV_START_MS)

  const hits = async (query: string): Promise<number> => {
    const { search, views } = chain.ready
    const answer = await fetch(`${search}/v1/views/${views[0]?.name}/search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    })
    return ((await answer.json()) as { total: number }).total
  }
  const found = async (query: string, total: number, what: string): Promise<unknown> =>
    waitFor(async () => (await hits(query)) === total, {
      what,
      timeoutMs: 120_000,
      everyMs: 50,
    })

  it('loads what was there before', async () => {
    const { compared, differences } = await chain.waitUntilEqual()
    expect(differences).toEqual([])
    expect(compared).toBe(IMAGES)
  }, 600_000)

  it('one row: inserted, changed, given an annotation, deleted', async () => {
    const id = 900_000_001
    await chain.database.query(
      `insert into image (id, key, dataset_id, width, height, metadata) values ($1, 'one.jpg', 7, 301, 201, '{"timeofday": "night"}')`,
      [id],
    )
    await found(
      `id = ${id} and width >= 300 and height >= 200 and metadata.timeofday = "night"`,
      1,
      'the new image',
    )
    await chain.database.query(`update image set metadata = '{"timeofday": "day"}' where id = $1`, [id])
    await found(`id = ${id} and metadata.timeofday = "day"`, 1, 'the changed image')
    await found(`id = ${id} and metadata.timeofday = "night"`, 0, 'the old value to be gone')
    await chain.database.query(
      `insert into annotation (id, image_id, annotation_class, annotation_type) values ($1, $2, 'car', 'box')`,
      [id, id],
    )
    await found(`id = ${id} and annotations_search.count = 1`, 1, 'the annotation in its image')
    await chain.database.query('delete from image where id = $1', [id])
    await found(`id = ${id}`, 0, 'the deleted image to be gone')
    await chain.database.query('delete from annotation where id = $1', [id])
  }, 900_000)

  it(`${CHANGES} random changes by ${WRITERS} writers at full speed: every document equals hand-written SQL`, async () => {
    const random = seededRandom()
    const written = await writeRandomChanges({
      database: chain.database,
      random,
      changes: CHANGES,
      writers: WRITERS,
      images: IMAGES,
      annotations: chain.rows.annotations.length,
      firstNewId: 10_000_000,
    })
    const counts = new WrittenChanges()
    counts.add(written)
    expect(counts.changes).toBeGreaterThanOrEqual(CHANGES)
    const { compared, differences } = await chain.waitUntilEqual()
    process.stderr.write(`seed ${random.seed}: ${counts}; ${compared} documents compared\n`)
    // the seed repeats the statements of each writer
    expect({ seed: random.seed, differences: differences.slice(0, 5) }).toEqual({
      seed: random.seed,
      differences: [],
    })
    expect(compared).toBeGreaterThan(0)
    const restarts = Object.values(chain.dev.state().services).map(service => service.restarts)
    expect(restarts).toEqual([0, 0, 0, 0, 0])
  }, 900_000)
})

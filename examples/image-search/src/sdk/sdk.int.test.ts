import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { createDatabase, type TestDatabase, waitFor } from '@headrace/testkit'
import { openDatabase } from '../api/database.ts'
import { migrate } from '../api/migrate.ts'
import { type RunningApi, startApi } from '../api/start-api.ts'
import { ApiError, createClient, type Dataset } from './index.ts'

describe('SDK and dataset API', () => {
  let database: TestDatabase
  let api: RunningApi
  let dataset: Dataset
  let names = 0
  const client = (): ReturnType<typeof createClient> => createClient({ url: api.url })
  const image = (key: string) => ({ key, width: 640, height: 480 })

  beforeAll(async () => {
    database = await createDatabase('dataset_api')
    api = await startApi({ databaseUrl: database.url, host: '127.0.0.1', port: 0 })
  })
  beforeEach(async () => {
    dataset = await client().createDataset(`dataset ${names++}`)
  })
  afterAll(async () => {
    await api.stop()
    await database.drop()
  })

  const failure = async (what: Promise<unknown>): Promise<ApiError> => {
    const error: unknown = await what.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error instanceof ApiError) return error
    throw new Error('no ApiError came')
  }

  it('tells the story', async () => {
    const picture = await dataset.uploadImage({ ...image('a.jpg'), metadata: { timeofday: 'night' } })
    const enriched = await picture.addMetadata({ weather: 'rain', timeofday: 'dusk' })
    expect(enriched.metadata).toEqual({ timeofday: 'dusk', weather: 'rain' })
    const [car, person] = await picture.addAnnotations([
      { annotation_class: 'car', annotation_type: 'box', metadata: { occluded: true } },
      { annotation_class: 'person', annotation_type: 'polygon' },
    ])
    expect(person!.data).toMatchObject({ annotation_class: 'person', image_id: picture.id, metadata: {} })
    await person!.delete()
    expect((await picture.annotations()).map(({ id }) => id)).toEqual([car!.id])
    const slice = await dataset.createSlice('night shift')
    expect(await slice.addImages([picture])).toBe(1)
    expect(await slice.addImages([picture, picture.id])).toBe(0)
    expect((await slice.rename('late shift')).name).toBe('late shift')
    const rows = await database.query(
      'select s.name from slice s join slice_image l on l.slice_id = s.id where l.image_id = $1',
      [picture.id],
    )
    expect(rows).toEqual([{ name: 'late shift' }])
    await slice.removeImage(picture)
    expect((await failure(slice.removeImage(picture))).status).toBe(404)
  })

  it('uploads many in their order, in several requests', async () => {
    const images = await dataset.uploadImages(
      Array.from({ length: 2500 }, (_, index) => image(`${index}.jpg`)),
    )
    expect(images.map(({ key }) => key)).toEqual(Array.from({ length: 2500 }, (_, index) => `${index}.jpg`))
    expect(new Set(images.map(({ id }) => id)).size).toBe(2500)
    expect(await dataset.uploadImages([])).toEqual([])
  })

  it('stores a batch all or none', async () => {
    const before = await failure(dataset.uploadImages([image('x'), image('y'), image('x')]))
    expect(before).toMatchObject({ status: 409, code: 'conflict' })
    expect(await database.query('select 1 from image where dataset_id = $1', [dataset.id])).toEqual([])
  })

  it('lets a key be used again after a deletion', async () => {
    const first = await dataset.uploadImage(image('again'))
    expect((await failure(dataset.uploadImage(image('again')))).code).toBe('conflict')
    await first.delete()
    expect((await failure(first.refresh())).status).toBe(404)
    expect(
      (await failure(first.addAnnotations([{ annotation_class: 'car', annotation_type: 'box' }]))).status,
    ).toBe(404)
    expect((await dataset.uploadImage(image('again'))).id).not.toBe(first.id)
    // soft: the row is still there
    expect(
      await database.query('select 1 as there from image where id = $1 and deleted_at is not null', [
        first.id,
      ]),
    ).toEqual([{ there: 1 }])
  })

  it('names every mistake of a request', async () => {
    const wrong = { key: '', width: '300', height: 0, colour: 'red' } as never
    const error = await failure(dataset.uploadImages([image('good'), wrong]))
    expect(error).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(new Set(error.details.map(({ path }) => path))).toEqual(
      new Set(['/images/1', '/images/1/key', '/images/1/width', '/images/1/height']),
    )
    expect(
      (await failure(dataset.uploadImage({ ...image('k'), metadata: { text: 'a\u0000b' } }))).status,
    ).toBe(400)
    expect((await failure(dataset.uploadImage({ ...image('a\u0000b') }))).status).toBe(400)
    expect((await failure((await dataset.uploadImage(image('k'))).update({}))).status).toBe(400)
  })

  it('moves an annotation, updates an image, keeps what two add at once', async () => {
    const [from, to] = await dataset.uploadImages([image('from'), image('to')])
    const [annotation] = await from!.addAnnotations([{ annotation_class: 'car', annotation_type: 'box' }])
    const moved = await annotation!.update({ image_id: to!.id, annotation_class: 'bus' })
    expect(moved.data).toMatchObject({ image_id: to!.id, annotation_class: 'bus', annotation_type: 'box' })
    expect((await failure(annotation!.update({ image_id: 999_999_999 }))).status).toBe(404)
    expect((await to!.update({ width: 1, metadata: { only: 1 } })).data).toMatchObject({
      width: 1,
      height: 480,
      metadata: { only: 1 },
    })
    await Promise.all(Array.from({ length: 10 }, (_, index) => from!.addMetadata({ [`m${index}`]: index })))
    expect(Object.keys((await from!.refresh()).metadata)).toHaveLength(10)
  })

  it('keeps datasets apart', async () => {
    const other = await client().createDataset({ name: `other ${names}`, description: 'of somebody else' })
    const foreign = await other.uploadImage(image('foreign'))
    const slice = await dataset.createSlice('mine')
    expect((await failure(slice.addImages([foreign]))).message).toMatch(
      /there is no image \d+ in dataset \d+/,
    )
    await other.delete()
    expect((await failure(foreign.refresh())).status).toBe(404)
    expect((await failure(client().dataset(other.id))).status).toBe(404)
    expect((await client().datasets()).map(({ id }) => id)).not.toContain(other.id)
    await client().createDataset(other.name)
    await slice.delete()
    expect((await failure(slice.rename('gone'))).status).toBe(404)
  })

  it('answers in JSON for unknown addresses, wrong ids and broken bodies', async () => {
    const answer = async (path: string, init?: RequestInit): Promise<[number, string]> => {
      const response = await fetch(`${api.url}${path}`, init)
      return [response.status, ((await response.json()) as { error: { code: string } }).error.code]
    }
    expect(await answer('/v1/nothing')).toEqual([404, 'not_found'])
    expect(await answer('/v1/images/zero')).toEqual([400, 'invalid_request'])
    expect(await answer('/v1/images/99999999999999999999')).toEqual([400, 'invalid_request'])
    const json = { 'content-type': 'application/json' }
    expect(await answer('/v1/datasets', { method: 'POST', body: '{', headers: json })).toEqual([
      400,
      'invalid_request',
    ])
    expect(
      await answer('/v1/datasets', { method: 'POST', body: '<x/>', headers: { 'content-type': 'text/xml' } }),
    ).toEqual([415, 'invalid_request'])
  })

  it('answers what has begun when it is stopped, and does not wait for connections that are kept alive', async () => {
    const busy = await startApi({ databaseUrl: database.url, host: '127.0.0.1', port: 0 })
    const many = await createClient({ url: busy.url }).createDataset(`busy ${names}`)
    const held = await database.pool.connect()
    try {
      // every upload is in the middle of its work when the end comes
      await held.query('begin; lock table image in access exclusive mode')
      const uploads = Array.from({ length: 8 }, (_, at) =>
        many.uploadImages(Array.from({ length: 100 }, (__, index) => image(`${at}/${index}`))),
      )
      const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      await waitFor(async () => (await database.query(waiting)).length === uploads.length, {
        what: 'all uploads to be under way',
      })
      const stopped = busy.stop()
      await held.query('commit')
      await stopped
      expect((await Promise.all(uploads)).map(({ length }) => length)).toEqual(Array(8).fill(100))
    } finally {
      held.release()
    }
  })

  it('migrates once, however many start', async () => {
    const fresh = await createDatabase('dataset_api')
    const connections = Array.from({ length: 3 }, () => openDatabase(fresh.url))
    try {
      const ran = await Promise.all(connections.map(migrate))
      expect(ran.flat().sort()).toEqual(['001-tables.sql', '002-slices.sql'])
    } finally {
      await Promise.all(connections.map(each => each.close()))
      await fresh.drop()
    }
  })
})

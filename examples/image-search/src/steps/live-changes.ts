import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '@headrace/testkit'
import { annotationMetadata, makeAnnotation } from '../data/rows.ts'
import type { Queryable } from '../oracle/expected-documents.ts'
import type { Screen } from '../screen/screen.ts'
import type { SearchClient } from '../search-client.ts'

export interface LiveOptions {
  readonly database: Queryable
  readonly client: SearchClient
  readonly screen: Screen
  readonly random: Random
  readonly images: number
  readonly firstNewId: number
  readonly signal: AbortSignal
}

/** A change that was committed, and the query that has exactly one hit once it is in the index. */
interface LiveChange {
  readonly what: string
  readonly query: string
}

const PAUSE_MS = 400
const POLL_MS = 10
const GIVE_UP_MS = 30_000

const countOf = async (database: Queryable, image: number): Promise<number> => {
  const [row] = await database.query<{ n: number }>(
    'select count(*)::int as n from annotation where image_id = $1 and deleted_at is null',
    [image],
  )
  return row?.n ?? 0
}

const liveImages = async (database: Queryable, from: number): Promise<readonly number[]> => {
  const rows = await database.query<{ id: number }>(
    'select id::int as id from image where id >= $1 order by id limit 2',
    [from],
  )
  return rows.map(({ id }) => id)
}

const changeMetadata = async (
  { database, random }: LiveOptions,
  image: number,
  serial: number,
): Promise<LiveChange> => {
  const timeofday = random.pick(['day', 'dusk', 'night'])
  await database.query(
    `update image set metadata = metadata || jsonb_build_object('timeofday', $2::text, 'live', $3::text), updated_at = clock_timestamp() where id = $1`,
    [image, timeofday, `change ${serial}`],
  )
  return {
    what: `image ${image}: timeofday is "${timeofday}" now`,
    query: `id = ${image} and metadata.live = "change ${serial}"`,
  }
}

const addAnnotation = async (
  { database, random, firstNewId }: LiveOptions,
  image: number,
  serial: number,
): Promise<LiveChange> => {
  const row = makeAnnotation(random, firstNewId + serial, image)
  await database.query(
    'insert into annotation (id, image_id, annotation_class, annotation_type, metadata) values ($1, $2, $3, $4, $5)',
    [row.id, image, row.annotation_class, row.annotation_type, annotationMetadata(random)],
  )
  const count = await countOf(database, image)
  return {
    what: `image ${image}: a new ${row.annotation_class}, ${count} annotations`,
    query: `id = ${image} and annotations_search.count = ${count}`,
  }
}

const deleteAnnotation = async (
  { database }: LiveOptions,
  image: number,
): Promise<LiveChange | undefined> => {
  const gone = await database.query(
    'delete from annotation where id = (select id from annotation where image_id = $1 and deleted_at is null limit 1) returning id',
    [image],
  )
  if (gone.length === 0) return undefined
  const count = await countOf(database, image)
  return {
    what: `image ${image}: an annotation deleted, ${count} left`,
    query: `id = ${image} and annotations_search.count = ${count}`,
  }
}

const moveAnnotation = async (
  { database }: LiveOptions,
  from: number,
  to: number,
): Promise<LiveChange | undefined> => {
  const moved = await database.query(
    'update annotation set image_id = $2 where id = (select id from annotation where image_id = $1 and deleted_at is null limit 1) returning id',
    [from, to],
  )
  if (moved.length === 0) return undefined
  const count = await countOf(database, to)
  return {
    what: `image ${from}: an annotation moved to image ${to}`,
    query: `id = ${to} and annotations_search.count = ${count}`,
  }
}

const makeChange = async (options: LiveOptions, serial: number): Promise<LiveChange | undefined> => {
  const [image, other] = await liveImages(
    options.database,
    options.random.int(1, Math.max(1, options.images - 5)),
  )
  if (image === undefined || other === undefined) return undefined
  switch (options.random.int(0, 3)) {
    case 0:
      return addAnnotation(options, image, serial)
    case 1:
      return deleteAnnotation(options, image)
    case 2:
      return moveAnnotation(options, image, other)
    default:
      return changeMetadata(options, image, serial)
  }
}

const follow = async (
  { client, screen, signal }: LiveOptions,
  { what, query }: LiveChange,
): Promise<void> => {
  const committedAt = performance.now()
  for (;;) {
    const { total } = await client.search(query, { size: 1 })
    const ms = performance.now() - committedAt
    if (total === 1) return screen.line(`  ${what.padEnd(56)} in the index after ${ms.toFixed(0)} ms`)
    if (ms > GIVE_UP_MS) return screen.bad(`${what}: not in the index after ${GIVE_UP_MS / 1000} s`)
    await delay(POLL_MS, undefined, { signal })
  }
}

/** A few changes a second; each is shown when the search API shows it. Until the signal fires. */
export const followLiveChanges = async (options: LiveOptions): Promise<void> => {
  try {
    for (let serial = 1; !options.signal.aborted; serial++) {
      const change = await makeChange(options, serial)
      if (change !== undefined) await follow(options, change)
      await delay(PAUSE_MS, undefined, { signal: options.signal })
    }
  } catch (error) {
    if (!options.signal.aborted) throw error
  }
}

import type { Random } from '@headrace/testkit'
import { annotationMetadata, imageMetadata, makeAnnotation, makeImage } from './rows.ts'

export interface Statement {
  readonly sql: string
  readonly params: readonly (string | number | null)[]
}

/** Which ids a writer meets: rows that are there already, and a range of its own for new ones. */
export interface Ids {
  readonly images: number
  readonly annotations: number
  /** Gives a new id of this writer. */
  next(): number
}

const insertOf = (
  table: string,
  row: Readonly<Record<string, string | number | null>>,
  conflict: string,
): Statement => {
  const columns = Object.keys(row)
  const places = columns.map((_, at) => `$${at + 1}`)
  return {
    sql: `insert into ${table} (${columns.join(', ')}) values (${places.join(', ')}) ${conflict}`,
    params: Object.values(row),
  }
}

const anyImage = (random: Random, ids: Ids): number => random.int(1, ids.images)
const anyAnnotation = (random: Random, ids: Ids): number => random.int(1, ids.annotations)

type Kind = (random: Random, ids: Ids) => Statement

const insertImage: Kind = (random, ids) =>
  insertOf('image', { ...makeImage(random, ids.next()) }, 'on conflict (id) do nothing')

/** Also brings deleted ones back. */
const putImage: Kind = (random, ids) =>
  insertOf(
    'image',
    { ...makeImage(random, anyImage(random, ids)) },
    'on conflict (id) do update set width = excluded.width, metadata = excluded.metadata',
  )

const updateImage: Kind = (random, ids) => ({
  sql: 'update image set metadata = $2, width = $3, updated_at = clock_timestamp() where id = $1',
  params: [anyImage(random, ids), imageMetadata(random), random.int(100, 4000)],
})

const deleteImage: Kind = (random, ids) => ({
  sql: 'delete from image where id = $1',
  params: [anyImage(random, ids)],
})

const insertAnnotation: Kind = (random, ids) =>
  insertOf(
    'annotation',
    { ...makeAnnotation(random, ids.next(), random.chance(0.05) ? null : anyImage(random, ids)) },
    'on conflict (id) do nothing',
  )

const putAnnotation: Kind = (random, ids) =>
  insertOf(
    'annotation',
    { ...makeAnnotation(random, anyAnnotation(random, ids), anyImage(random, ids)) },
    'on conflict (id) do update set annotation_class = excluded.annotation_class',
  )

const updateAnnotation: Kind = (random, ids) => ({
  sql: 'update annotation set annotation_class = $2, metadata = $3 where id = $1',
  params: [anyAnnotation(random, ids), random.pick(['car', 'truck', 'bus']), annotationMetadata(random)],
})

const reparent: Kind = (random, ids) => ({
  sql: 'update annotation set image_id = $2 where id = $1',
  params: [anyAnnotation(random, ids), random.chance(0.15) ? null : anyImage(random, ids)],
})

/** Soft delete and its undoing; `deleted_at` filters the list. */
const toggleDeleted: Kind = (random, ids) => ({
  sql: 'update annotation set deleted_at = case when deleted_at is null then clock_timestamp() end where id = $1',
  params: [anyAnnotation(random, ids)],
})

const deleteAnnotation: Kind = (random, ids) => ({
  sql: 'delete from annotation where id = $1',
  params: [anyAnnotation(random, ids)],
})

/** A statement that touches many rows of one image. */
const moveAll: Kind = (random, ids) => ({
  sql: 'update annotation set image_id = $2 where image_id = $1',
  params: [anyImage(random, ids), anyImage(random, ids)],
})

const KINDS: readonly (readonly [weight: number, kind: Kind])[] = [
  [6, insertImage],
  [4, putImage],
  [18, updateImage],
  [4, deleteImage],
  [18, insertAnnotation],
  [6, putAnnotation],
  [16, updateAnnotation],
  [14, reparent],
  [6, toggleDeleted],
  [7, deleteAnnotation],
  [1, moveAll],
]

const TOTAL = KINDS.reduce((sum, [weight]) => sum + weight, 0)

/** One random insert, update or delete on image or annotation. */
export const randomChange = (random: Random, ids: Ids): Statement => {
  let at = random.int(1, TOTAL)
  for (const [weight, kind] of KINDS) {
    at -= weight
    if (at <= 0) return kind(random, ids)
  }
  return updateImage(random, ids)
}

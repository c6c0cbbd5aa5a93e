import type { Random } from '@headrace/testkit'
import { anyImage } from './image-changes.ts'
import { annotationMetadata, makeAnnotation, makeImage } from './rows.ts'
import { type Ids, insert, type Kind, statement } from './statement.ts'

const anyAnnotation = (random: Random, ids: Ids): number => random.int(1, ids.annotations)

/** Sometimes of no image, sometimes of one that is not there. */
const someImage = (random: Random, ids: Ids): number | null => {
  if (random.chance(0.05)) return null
  return random.chance(0.03) ? ids.images + random.int(1, 100) : anyImage(random, ids)
}

export const insertAnnotation: Kind = (random, ids) =>
  insert('annotation', [makeAnnotation(random, ids.next(), someImage(random, ids))])

/** Before its image, in one transaction. */
export const insertBeforeImage: Kind = (random, ids) => {
  const image = ids.next()
  return [
    ...insert('annotation', [makeAnnotation(random, ids.next(), image)]),
    ...insert('image', [makeImage(random, image)]),
  ]
}

export const putAnnotation: Kind = (random, ids) =>
  insert(
    'annotation',
    [makeAnnotation(random, anyAnnotation(random, ids), someImage(random, ids))],
    'on conflict (id) do update set annotation_class = excluded.annotation_class',
  )

export const updateAnnotation: Kind = (random, ids) =>
  statement(
    'update annotation set annotation_class = $2, metadata = $3 where id = $1',
    anyAnnotation(random, ids),
    random.pick(['car', 'truck', 'bus']),
    annotationMetadata(random),
  )

export const reparentAnnotation: Kind = (random, ids) =>
  statement(
    'update annotation set image_id = $2 where id = $1',
    anyAnnotation(random, ids),
    random.chance(0.15) ? null : someImage(random, ids),
  )

/** Soft delete and its undoing; `deleted_at` filters the list. */
export const toggleAnnotation: Kind = (random, ids) =>
  statement(
    'update annotation set deleted_at = case when deleted_at is null then clock_timestamp() end where id = $1',
    anyAnnotation(random, ids),
  )

export const deleteAnnotation: Kind = (random, ids) =>
  statement('delete from annotation where id = $1', anyAnnotation(random, ids))

export const changeAnnotationKey: Kind = (random, ids) =>
  statement('update annotation set id = $2 where id = $1', anyAnnotation(random, ids), ids.next())

/** Deleted and there again within one transaction, at another image. */
export const replaceAnnotation: Kind = (random, ids) => {
  const id = anyAnnotation(random, ids)
  return [
    ...statement('delete from annotation where id = $1', id),
    ...insert('annotation', [makeAnnotation(random, id, someImage(random, ids))]),
  ]
}

/** A statement that touches many rows of one image. */
export const moveAllAnnotations: Kind = (random, ids) =>
  statement(
    'update annotation set image_id = $2 where image_id = $1',
    anyImage(random, ids),
    anyImage(random, ids),
  )

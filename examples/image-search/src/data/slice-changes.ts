import type { Random } from '@headrace/testkit'
import { anyImage } from './image-changes.ts'
import { makeSlice, makeSliceImage, type SliceImageRow } from './rows.ts'
import { type Ids, insert, type Kind, statement } from './statement.ts'

const anySlice = (random: Random, ids: Ids): number => random.int(1, ids.slices)

/** Sometimes of a slice or of an image that is not there. */
const someLink = (random: Random, ids: Ids): SliceImageRow => {
  const slice = random.chance(0.03) ? ids.slices + random.int(1, 20) : anySlice(random, ids)
  const image = random.chance(0.03) ? ids.images + random.int(1, 100) : anyImage(random, ids)
  return makeSliceImage(random, slice, image)
}

export const putSlice: Kind = (random, ids) =>
  insert(
    'slice',
    [makeSlice(random, random.chance(0.2) ? ids.next() : anySlice(random, ids))],
    'on conflict (id) do update set name = excluded.name',
  )

/** Changes every document of the slice's images. */
export const renameSlice: Kind = (random, ids) =>
  statement(
    'update slice set name = $2, updated_at = clock_timestamp() where id = $1',
    anySlice(random, ids),
    `slice ${ids.next()}`,
  )

/** Nothing that a document shows, as long as the links stay. */
export const toggleSlice: Kind = (random, ids) =>
  statement(
    'update slice set deleted_at = case when deleted_at is null then clock_timestamp() end where id = $1',
    anySlice(random, ids),
  )

/** The links stay, and show nothing instead of its fields. */
export const deleteSlice: Kind = (random, ids) =>
  statement('delete from slice where id = $1', anySlice(random, ids))

export const changeSliceKey: Kind = (random, ids) =>
  statement(
    'update slice set id = $2 where id = $1 and not exists (select from slice where id = $2)',
    anySlice(random, ids),
    random.chance() ? ids.next() : anySlice(random, ids),
  )

export const replaceSlice: Kind = (random, ids) => {
  const id = anySlice(random, ids)
  return [...statement('delete from slice where id = $1', id), ...insert('slice', [makeSlice(random, id)])]
}

export const truncateSlices: Kind = (random, ids) => {
  const some = Array.from({ length: ids.slices }, (_, at) => makeSlice(random, at + 1))
  // most of them come back, so that what follows has names to show
  return [...statement('truncate slice'), ...insert('slice', some.slice(random.int(0, 10)))]
}

export const insertLink: Kind = (random, ids) =>
  insert('slice_image', [someLink(random, ids)], 'on conflict do nothing')

/** Another place in the list. */
export const putLink: Kind = (random, ids) =>
  insert(
    'slice_image',
    [someLink(random, ids)],
    'on conflict (slice_id, image_id) do update set added_at = excluded.added_at',
  )

/** One link of an image. */
const LINK =
  '(slice_id, image_id) = (select slice_id, image_id from slice_image where image_id >= $1 order by image_id, slice_id limit 1)'

export const deleteLink: Kind = (random, ids) =>
  statement(`delete from slice_image where ${LINK}`, anyImage(random, ids))

/** Half of the composite key is the image: this moves the link to another document. */
export const changeLinkImage: Kind = (random, ids) =>
  statement(
    `update slice_image l set image_id = $2 where ${LINK}
       and not exists (select from slice_image where slice_id = l.slice_id and image_id = $2)`,
    anyImage(random, ids),
    anyImage(random, ids),
  )

export const changeLinkSlice: Kind = (random, ids) =>
  statement(
    `update slice_image l set slice_id = $2 where ${LINK}
       and not exists (select from slice_image where image_id = l.image_id and slice_id = $2)`,
    anyImage(random, ids),
    anySlice(random, ids),
  )

export const replaceLink: Kind = (random, ids) => {
  const link = someLink(random, ids)
  return [
    ...insert('slice_image', [link], 'on conflict do nothing'),
    ...statement(
      'delete from slice_image where slice_id = $1 and image_id = $2',
      link.slice_id,
      link.image_id,
    ),
    ...insert('slice_image', [{ ...makeSliceImage(random, link.slice_id, link.image_id) }]),
  ]
}

export const truncateLinks: Kind = (random, ids) => [
  ...statement('truncate slice_image'),
  // documents have slices again afterwards
  ...insert(
    'slice_image',
    Array.from({ length: ids.images }, () => someLink(random, ids)),
    'on conflict do nothing',
  ),
]

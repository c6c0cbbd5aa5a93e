import type { Random } from '@headrace/testkit'
import { imageMetadata, makeImage } from './rows.ts'
import { type Ids, insert, type Kind, statement } from './statement.ts'

export const anyImage = (random: Random, ids: Ids): number => random.int(1, ids.images)

export const insertImage: Kind = (random, ids) => insert('image', [makeImage(random, ids.next())])

/** Also brings deleted ones back. */
export const putImage: Kind = (random, ids) =>
  insert(
    'image',
    [makeImage(random, anyImage(random, ids))],
    'on conflict (id) do update set width = excluded.width, metadata = excluded.metadata',
  )

export const updateImage: Kind = (random, ids) =>
  statement(
    'update image set metadata = $2, width = $3, updated_at = clock_timestamp() where id = $1',
    anyImage(random, ids),
    imageMetadata(random),
    random.int(100, 4000),
  )

/** Soft delete and its undoing; the document stays and shows it. */
export const toggleImage: Kind = (random, ids) =>
  statement(
    'update image set deleted_at = case when deleted_at is null then clock_timestamp() end where id = $1',
    anyImage(random, ids),
  )

export const deleteImage: Kind = (random, ids) =>
  statement('delete from image where id = $1', anyImage(random, ids))

/** The document goes to another key; what belonged to the old one waits there. */
export const changeImageKey: Kind = (random, ids) =>
  statement(
    'update image set id = $2 where id = $1 and not exists (select from image where id = $2)',
    anyImage(random, ids),
    random.chance() ? ids.next() : anyImage(random, ids),
  )

/** Deleted and there again within one transaction. */
export const replaceImage: Kind = (random, ids) => {
  const id = anyImage(random, ids)
  return [...statement('delete from image where id = $1', id), ...insert('image', [makeImage(random, id)])]
}

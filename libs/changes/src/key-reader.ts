import { HeadraceError } from '@headrace/errors'
import { canonicalKeyText, MAX_KEY_BYTES, recordKey } from '@headrace/wire'
import type { ChangeWriter } from './change-writer.ts'
import type { CapturedTable, Relation } from './relation.ts'
import { TEXT_KIND, type TupleCutter } from './tuple-cutter.ts'

/** The bytes of a row's record key. `fallback`: the old row, for a key column that the new one does not carry (TOAST). */
export const keyOf = <T extends CapturedTable>(
  relation: Relation<T>,
  buffer: Buffer,
  tuple: TupleCutter,
  fallback: TupleCutter | null,
  writer: ChangeWriter,
): Buffer => {
  const { keyIndexes, keyKinds } = relation
  const first = keyIndexes[0]
  if (keyIndexes.length === 1 && keyKinds[0] === 'text' && tuple.kinds[first!] === TEXT_KIND) {
    const length = tuple.lengths[first!]!
    if (length > 0 && length <= MAX_KEY_BYTES) return writer.copy(buffer, tuple.starts[first!]!, length)
  }
  const texts = keyIndexes.map((index, part) => {
    const holder = tuple.kinds[index] === TEXT_KIND ? tuple : fallback
    if (holder === null || holder.kinds[index] !== TEXT_KIND) throw keyMissing(relation, index)
    const start = holder.starts[index]!
    return canonicalKeyText(keyKinds[part]!, buffer.toString('utf8', start, start + holder.lengths[index]!))
  })
  return Buffer.from(recordKey(texts))
}

const keyMissing = <T extends CapturedTable>({ description }: Relation<T>, index: number): HeadraceError =>
  new HeadraceError(
    'capture.key_missing',
    `a change carries no value for the key column "${description.columns[index]?.name ?? index}"`,
    {
      where: `${description.schema}.${description.table}`,
      hint: 'The replica identity must contain the key: run `headrace source check`.',
    },
  )

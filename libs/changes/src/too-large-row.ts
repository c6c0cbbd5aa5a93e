import { RawRecord } from '@headrace/wire'
import type { CapturedTable, Relation } from './relation.ts'
import { TEXT_KIND, UNCHANGED_KIND, type TupleCutter } from './tuple-cutter.ts'

/** Bytes of a row that is larger than its table's rows may be: it keeps its key alone (04 K12). 0: it is not. */
export const cutTooLarge = <T extends CapturedTable>(relation: Relation<T>, row: TupleCutter): number => {
  const limit = relation.table?.maxRowBytes
  if (limit === undefined || row.bytes <= limit) return 0
  row.keepOnly(relation.keyIndexes)
  return row.bytes
}

/** A raw record with the key of its new row alone; `tooLargeBytes` is what the row would have. */
export const withoutValues = <T extends CapturedTable>(
  value: Buffer,
  { keyIndexes }: Relation<T>,
  tooLargeBytes: number,
): Buffer => {
  const raw = RawRecord.decode(value)
  const change = raw.record?.$case === 'change' ? raw.record.value : undefined
  if (change?.new === undefined) return value
  const kinds = Buffer.alloc(change.new.kinds.length, UNCHANGED_KIND)
  const values: Buffer[] = []
  let sent = 0
  for (const [column, kind] of change.new.kinds.entries()) {
    if (kind !== TEXT_KIND) continue
    const text = change.new.values[sent++]!
    if (!keyIndexes.includes(column)) continue
    kinds[column] = TEXT_KIND
    values.push(text)
  }
  const cut = { ...change, new: { ...change.new, kinds, values }, tooLargeBytes }
  return Buffer.from(RawRecord.encode({ record: { $case: 'change', value: cut } }).finish())
}

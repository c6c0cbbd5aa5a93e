import { RawRecord } from '@headrace/wire'
import type { CapturedTable, Relation } from './relation.ts'
import { NULL_KIND, TEXT_KIND, UNCHANGED_KIND, type TupleCutter } from './tuple-cutter.ts'

/** A new row that the stream tells without some large values: how to find them (03 C9). */
export interface IncompleteRow<T extends CapturedTable> {
  readonly relation: Relation<T>
  /** Texts of the record key's columns, in key order. */
  readonly key: readonly string[]
  /** Indexes of the columns that were not sent, ascending. */
  readonly columns: readonly number[]
  /** 32 bits of the id of the transaction that changed it. */
  readonly xid: number
}

/** What a row lacks, null when it is complete. */
export const incompleteRow = <T extends CapturedTable>(
  relation: Relation<T>,
  buffer: Buffer,
  row: TupleCutter,
  xid: number,
): IncompleteRow<T> | null => {
  if (row.unchanged === 0) return null
  const key = relation.keyIndexes.map(index => row.text(buffer, index))
  return { relation, key, columns: row.unchangedColumns(), xid }
}

/** A raw record with the given texts (null: SQL NULL) in columns of its new row that were not sent; others stay as they are. */
export const completeChange = (value: Buffer, found: ReadonlyMap<number, string | null>): Buffer => {
  const raw = RawRecord.decode(value)
  const change = raw.record?.$case === 'change' ? raw.record.value : undefined
  if (change?.new === undefined) return value
  const kinds = Buffer.from(change.new.kinds)
  const values: Buffer[] = []
  let sent = 0
  for (const [column, kind] of change.new.kinds.entries()) {
    const text = kind === UNCHANGED_KIND ? found.get(column) : undefined
    if (kind === TEXT_KIND) values.push(change.new.values[sent++]!)
    else if (text === null) kinds[column] = NULL_KIND
    else if (text !== undefined) {
      kinds[column] = TEXT_KIND
      values.push(Buffer.from(text))
    }
  }
  const complete = { ...change, new: { ...change.new, kinds, values } }
  return Buffer.from(RawRecord.encode({ record: { $case: 'change', value: complete } }).finish())
}

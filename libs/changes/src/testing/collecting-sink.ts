import { type MarkerKind, RawRecord, type RowChange } from '@headrace/wire'
import type { ChangeSink, SourceTransaction } from '../change-decoder.ts'
import type { IncompleteRow } from '../incomplete-row.ts'
import type { CapturedTable, Relation } from '../relation.ts'

export interface SinkEvent {
  readonly what: 'relation' | 'row' | 'marker' | 'commit'
  readonly table?: string
  readonly key?: string
  readonly value?: Buffer
  readonly change?: RowChange
  readonly incomplete?: IncompleteRow<CapturedTable> | null
  readonly kind?: MarkerKind
  readonly ordinal?: number
  readonly commitLsn?: bigint
  readonly endLsn?: bigint
  readonly known?: boolean
}

/** Keeps everything that a decoder gives. */
export class CollectingSink implements ChangeSink<CapturedTable> {
  readonly events: SinkEvent[] = []

  get rows(): readonly SinkEvent[] {
    return this.events.filter(event => event.what === 'row')
  }

  relation(relation: Relation<CapturedTable>): void {
    this.events.push({ what: 'relation', table: relation.description.table })
  }

  row(
    relation: Relation<CapturedTable>,
    key: Buffer,
    value: Buffer,
    { commitLsn }: SourceTransaction,
    ordinal: number,
    incomplete: IncompleteRow<CapturedTable> | null,
  ): void {
    const { record } = RawRecord.decode(value)
    if (record?.$case !== 'change') throw new Error('not a change')
    this.events.push({
      what: 'row',
      table: relation.description.table,
      key: key.toString(),
      value,
      change: record.value,
      incomplete,
      ordinal,
      commitLsn,
    })
  }

  marker(
    relation: Relation<CapturedTable>,
    kind: MarkerKind,
    { commitLsn }: SourceTransaction,
    ordinal: number,
  ): void {
    this.events.push({ what: 'marker', table: relation.description.table, kind, commitLsn, ordinal })
  }

  commit({ commitLsn }: SourceTransaction, endLsn: bigint, known: boolean): void {
    this.events.push({ what: 'commit', commitLsn, endLsn, known })
  }
}

/** Texts of a tuple, null, and undefined for what was not sent. */
export const cellsOf = (tuple: RowChange['new']): readonly (string | null | undefined)[] | undefined => {
  if (tuple === undefined) return undefined
  let next = 0
  return [...tuple.kinds].map(kind => {
    if (kind === 0x6e) return null
    if (kind === 0x75) return undefined
    const value = Buffer.from(tuple.values[next]!).toString()
    next += 1
    return value
  })
}

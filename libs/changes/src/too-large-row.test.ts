import { describe, expect, it } from '@jest/globals'
import { RawRecord } from '@headrace/wire'
import { ChangeDecoder } from './change-decoder.ts'
import { completeChange } from './incomplete-row.ts'
import { type CapturedTable, RelationTracker } from './relation.ts'
import { SnapshotDecoder } from './snapshot-decoder.ts'
import { cellsOf, CollectingSink } from './testing/collecting-sink.ts'
import * as send from './testing/pgoutput-messages.ts'
import { withoutValues } from './too-large-row.ts'

const column = (name: string, key = false) => ({ name, typeOid: 25, typeModifier: -1, key })
const described = {
  oid: 7,
  schema: 'public',
  table: 'item',
  replicaIdentity: 'd',
  columns: [column('name'), column('id', true), column('note')],
}
const tables: CapturedTable[] = [{ schema: 'public', name: 'item', keyColumns: ['id'], maxRowBytes: 10 }]

const rowsOf = (...messages: readonly Buffer[]) => {
  const sink = new CollectingSink()
  const relations = new RelationTracker({ tables })
  const decoder = new ChangeDecoder({ source: 'db', epoch: 1, relations, sink })
  for (const payload of [send.begin(100n, 1, 42), send.relation(described), ...messages])
    decoder.push(payload, 0, payload.length)
  return sink.rows.map(({ key, change, incomplete }) => ({
    key,
    row: cellsOf(change?.new),
    tooLargeBytes: change?.tooLargeBytes,
    incomplete: incomplete !== null,
  }))
}

const relation = () =>
  new RelationTracker({ tables }).describe({
    ...described,
    fingerprint: 5n,
  })

describe('K12 a row that is too large', () => {
  it('keeps its key alone and says how large it was, in the stream', () => {
    expect(
      rowsOf(
        send.insert(7, ['x'.repeat(9), 'k', null]),
        send.insert(7, ['x'.repeat(9), 'kk', null]),
        send.update(7, ['x'.repeat(20), 'k', send.UNCHANGED]),
      ),
    ).toEqual([
      { key: 'k', row: ['xxxxxxxxx', 'k', null], tooLargeBytes: 0, incomplete: false },
      { key: 'kk', row: [undefined, 'kk', undefined], tooLargeBytes: 11, incomplete: false },
      // what it lacks is not looked for
      { key: 'k', row: [undefined, 'k', undefined], tooLargeBytes: 21, incomplete: false },
    ])
  })

  it('counts what the old row fills in', () => {
    const old = { kind: 'O', row: ['a', 'k', 'x'.repeat(10)] } as const
    expect(rowsOf(send.update(7, ['b', 'k', send.UNCHANGED], old))).toEqual([
      { key: 'k', row: [undefined, 'k', undefined], tooLargeBytes: 12, incomplete: false },
    ])
  })

  it('keeps its key alone in the first load', () => {
    const decoder = new SnapshotDecoder<CapturedTable>({ source: 'db', epoch: 1, lsn: 1n })
    const line = Buffer.from(`${'x'.repeat(20)}\tk\t\\N\n`)
    const { key, value, tooLargeBytes } = decoder.row(relation(), line, 0, line.length, 0)
    const { record } = RawRecord.decode(value)
    expect([key.toString(), tooLargeBytes]).toEqual(['k', 21])
    expect(record?.$case === 'change' && cellsOf(record.value.new)).toEqual([undefined, 'k', undefined])
  })

  it('is made of a record that became too large when it was completed', () => {
    const change = {
      origin: undefined,
      relation: 5n,
      old: undefined,
      new: { kinds: Buffer.from('ttu'), values: ['name', 'k'].map(text => Buffer.from(text)) },
      tooLargeBytes: 0,
    }
    const value = Buffer.from(RawRecord.encode({ record: { $case: 'change', value: change } }).finish())
    const { record } = RawRecord.decode(
      withoutValues(completeChange(value, new Map([[2, 'note']])), relation(), 99),
    )
    expect(record?.$case === 'change' && record.value.tooLargeBytes).toBe(99)
    expect(record?.$case === 'change' && cellsOf(record.value.new)).toEqual([undefined, 'k', undefined])
  })
})

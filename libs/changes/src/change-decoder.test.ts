import { describe, expect, it } from '@jest/globals'
import { MarkerKind, Op, RawRecord, recordKey } from '@headrace/wire'
import { ChangeDecoder, type KnownPosition } from './change-decoder.ts'
import { completeChange } from './incomplete-row.ts'
import { type CapturedTable, RelationTracker } from './relation.ts'
import { cellsOf, CollectingSink } from './testing/collecting-sink.ts'
import * as send from './testing/pgoutput-messages.ts'

const column = (name: string, key = false, typeOid = 25) => ({ name, typeOid, typeModifier: -1, key })
const item = {
  oid: 7,
  schema: 'public',
  table: 'item',
  replicaIdentity: 'd',
  columns: [column('id', true), column('name'), column('note')],
}
const pair = {
  oid: 8,
  schema: 'public',
  table: 'pair',
  replicaIdentity: 'd',
  columns: [column('b', true), column('a', true, 1700), column('v')],
}
const other = {
  oid: 9,
  schema: 'public',
  table: 'other',
  replicaIdentity: 'd',
  columns: [column('id', true)],
}
const tables: CapturedTable[] = [
  { schema: 'public', name: 'item', keyColumns: ['id'] },
  { schema: 'public', name: 'pair', keyColumns: ['a', 'b'] },
]

const decode = (payloads: readonly Buffer[], after?: KnownPosition): CollectingSink => {
  const sink = new CollectingSink()
  const decoder = new ChangeDecoder({
    source: 'db',
    epoch: 3,
    relations: new RelationTracker({ tables }),
    sink,
    ...(after && { after }),
  })
  for (const payload of payloads)
    decoder.push(Buffer.concat([Buffer.from('##'), payload, Buffer.from('##')]), 2, 2 + payload.length)
  return sink
}

const transaction = (...inside: readonly Buffer[]): readonly Buffer[] => [
  send.begin(100n, 1_700_000_000_000_000, 42),
  ...inside,
  send.commit(100n, 148n),
]

describe('ChangeDecoder', () => {
  it('gives position, key and columns of an insert', () => {
    const sink = decode(transaction(send.relation(item), send.insert(7, ['k', null, 'text'])))
    expect(sink.events.map(event => event.what)).toEqual(['relation', 'row', 'commit'])
    const { key, change } = sink.rows[0]!
    expect(key).toBe('k')
    expect(change?.origin).toMatchObject({
      source: 'db',
      epoch: 3,
      commitLsn: 100n,
      ordinal: 0,
      xid: 42,
      commitTimeUs: 1_700_000_000_000_000n,
      op: Op.INSERT,
      snapshot: false,
    })
    expect(cellsOf(change?.new)).toEqual(['k', null, 'text'])
    expect(change?.old).toBeUndefined()
    expect(sink.events.at(-1)).toMatchObject({ commitLsn: 100n, endLsn: 148n, known: false })
  })

  it('marks unchanged columns and fills them in from a full old row', () => {
    const sink = decode(
      transaction(
        send.relation(item),
        send.update(7, ['k', 'n', send.UNCHANGED]),
        send.relation({ ...item, replicaIdentity: 'f' }),
        send.update(7, ['k', 'n', send.UNCHANGED], { kind: 'O', row: ['k', 'm', 'long'] }),
        send.update(7, ['k', 'n', send.UNCHANGED], { kind: 'O', row: ['k', 'm', null] }),
      ),
    )
    expect(sink.rows.map(row => cellsOf(row.change?.new))).toEqual([
      ['k', 'n', undefined],
      ['k', 'n', 'long'],
      ['k', 'n', null],
    ])
    expect(sink.rows.every(row => row.change?.old === undefined)).toBe(true)
  })

  it('C9 says what a row lacks, also under a changed key, and completes it', () => {
    const sink = decode(
      transaction(
        send.relation(item),
        send.update(7, ['k', send.UNCHANGED, send.UNCHANGED]),
        send.update(7, ['b', send.UNCHANGED, 'x'], { kind: 'K', row: ['a', null, null] }),
      ),
    )
    expect(
      sink.rows.map(({ incomplete }) => incomplete && [incomplete.key, incomplete.columns, incomplete.xid]),
    ).toEqual([[['k'], [1, 2], 42], null, [['b'], [1], 42]])
    const [row] = sink.rows
    const complete = RawRecord.decode(completeChange(row!.value!, new Map([[1, null]])))
    const change = complete.record?.$case === 'change' ? complete.record.value : undefined
    expect(change).toEqual({ ...row!.change, new: { ...row!.change!.new, kinds: Buffer.from('tnu') } })
    const filled = RawRecord.decode(
      completeChange(
        row!.value!,
        new Map([
          [2, 'ä'],
          [1, 'n'],
          [0, 'not k'],
        ]),
      ),
    )
    expect(cellsOf(filled.record?.$case === 'change' ? filled.record.value.new : undefined)).toEqual([
      'k',
      'n',
      'ä',
    ])
  })

  it('makes delete and insert of a changed key, with two ordinals', () => {
    const sink = decode(
      transaction(
        send.relation(item),
        send.update(7, ['b', 'n', null], { kind: 'K', row: ['a', null, null] }),
        send.insert(7, ['c', null, null]),
      ),
    )
    expect(sink.rows.map(row => [row.key, row.change?.origin?.op, row.ordinal])).toEqual([
      ['a', Op.DELETE, 0],
      ['b', Op.INSERT, 1],
      ['c', Op.INSERT, 2],
    ])
    expect(cellsOf(sink.rows[0]?.change?.old)).toEqual(['a', undefined, undefined])
  })

  it('sends of an old row only the key', () => {
    const full = { ...item, replicaIdentity: 'f' }
    const sink = decode(transaction(send.relation(full), send.remove(7, 'O', ['a', 'n', 'm'])))
    expect(cellsOf(sink.rows[0]?.change?.old)).toEqual(['a', undefined, undefined])
    expect(sink.rows[0]?.change?.new).toBeUndefined()
  })

  it('makes canonical keys: contract order, numerics without trailing zeros, long ones hashed', () => {
    const long = 'x'.repeat(600)
    const sink = decode(
      transaction(
        send.relation(pair),
        send.insert(8, ['y', '1.500', 'v']),
        send.relation(item),
        send.insert(7, [long, null, null]),
        send.insert(7, ['', null, null]),
      ),
    )
    expect(sink.rows.map(row => row.key)).toEqual(['["1.5","y"]', recordKey([long]), recordKey([''])])
  })

  it('does not take an equal numeric key for a changed one', () => {
    const sink = decode(
      transaction(
        send.relation(pair),
        send.update(8, ['y', '1.50', 'v'], { kind: 'K', row: ['y', '1.5', null] }),
      ),
    )
    expect(sink.rows.map(row => [row.change?.origin?.op, row.ordinal])).toEqual([[Op.UPDATE, 0]])
  })

  it('takes a key column that was not sent again from the old row', () => {
    const sink = decode(
      transaction(
        send.relation(item),
        send.update(7, [send.UNCHANGED, 'n', null], { kind: 'K', row: ['big', null, null] }),
      ),
    )
    expect(sink.rows[0]).toMatchObject({ key: 'big' })
  })

  it('refuses a change without its key', () => {
    expect(() => decode(transaction(send.relation(item), send.insert(7, [null, 'n', null])))).toThrow(
      expect.objectContaining({ code: 'capture.key_missing' }),
    )
    expect(() => decode(transaction(send.relation({ ...item, columns: [column('renamed', true)] })))).toThrow(
      expect.objectContaining({ code: 'capture.key_missing' }),
    )
  })

  it('counts rows of tables outside the pipeline but does not give them', () => {
    const sink = decode(
      transaction(
        send.relation(other),
        send.relation(item),
        send.insert(9, ['1']),
        send.insert(7, ['k', null, null]),
        send.message('headrace.heartbeat', ''),
      ),
    )
    expect(sink.events.map(({ what, ordinal }) => [what, ordinal])).toEqual([
      ['relation', undefined],
      ['row', 1],
      ['commit', undefined],
    ])
  })

  it('makes a marker of a truncate for each table', () => {
    const sink = decode(
      transaction(send.relation(item), send.relation(pair), send.relation(other), send.truncate([7, 9, 8])),
    )
    expect(
      sink.events
        .filter(event => event.what === 'marker')
        .map(({ table, kind, ordinal }) => [table, kind, ordinal]),
    ).toEqual([
      ['item', MarkerKind.TRUNCATE, 0],
      ['pair', MarkerKind.TRUNCATE, 2],
    ])
  })

  const rows = transaction(
    send.relation(item),
    send.insert(7, ['a', null, null]),
    send.update(7, ['c', null, null], { kind: 'K', row: ['b', null, null] }),
    send.insert(7, ['d', null, null]),
  )

  it.each([
    ['nothing', { commitLsn: 99n, ordinal: 7, complete: true }, ['a', 'b', 'c', 'd'], false],
    ['the whole transaction', { commitLsn: 100n, ordinal: 3, complete: true }, [], true],
    ['a later one', { commitLsn: 200n, ordinal: 0, complete: false }, [], true],
    ['its first row', { commitLsn: 100n, ordinal: 0, complete: false }, ['b', 'c', 'd'], false],
    ['half of a changed key', { commitLsn: 100n, ordinal: 1, complete: false }, ['c', 'd'], false],
    ['all rows but not its end', { commitLsn: 100n, ordinal: 3, complete: false }, [], false],
  ] as const)('leaves out what is known: %s', (_, after, keys, known) => {
    const sink = decode(rows, after)
    expect(sink.rows.map(row => row.key)).toEqual(keys)
    expect(sink.events.at(-1)).toMatchObject({ what: 'commit', known })
    // the ordinals of what is left are those of a first reading
    const first = new Map(decode(rows).rows.map(row => [row.key, row.ordinal]))
    for (const row of sink.rows) expect(row.ordinal).toBe(first.get(row.key))
  })

  it('refuses a stream that is not one', () => {
    expect(() => decode([send.insert(7, ['k'])])).toThrow(/before it has described/)
    expect(() => decode([send.begin(1n, 1, 1), send.commit(2n, 3n)])).toThrow(/ends as/)
    expect(() => decode([Buffer.concat([send.begin(1n, 1, 1).subarray(0, 25), Buffer.from('?')])])).toThrow(
      /unknown type/,
    )
  })
})

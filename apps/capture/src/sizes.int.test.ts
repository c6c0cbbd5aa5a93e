import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { Op } from '@headrace/wire'
import { applied, disorder, sorted, tableRows } from './testing/checks.ts'
import { createHarness, type Harness, type RunningCapture, type SeenChange } from './testing/harness.ts'

const MIB = 1_048_576
/** Kept outside of the row and not compressed: an update of other columns does not send it. */
const ITEM = `create table item (id int primary key, name text, note text, data bytea, doc jsonb);
  alter table item alter column note set storage external; alter table item alter column data set storage external;
  alter table item alter column doc set storage external`
/** So many bytes, twice as many when they are printed. */
const bytesSql = (bytes: number): string => `decode(repeat(md5(random()::text), ${bytes / 16}), 'hex')`

describe('large rows', () => {
  let harness: Harness
  let capture: RunningCapture | undefined
  let lines: string[] = []

  const start = async (rowBytes?: number): Promise<void> => {
    harness = await createHarness([{ name: 'item', key: ['id'] }], ITEM, 3, rowBytes)
  }
  const run = (): void => {
    lines = []
    capture = harness.start({ log: line => lines.push(line) })
  }
  const said = (text: string): readonly string[] => lines.filter(line => line.includes(text))
  const until = async (key: string): Promise<readonly SeenChange[]> => {
    await waitFor(async () => (await harness.changes('item')).some(change => change.key === key), {
      what: `the row ${key}`,
      timeoutMs: 120_000,
      everyMs: 500,
    })
    return harness.changes('item')
  }

  afterEach(async () => {
    await capture?.stop().catch(() => undefined)
    await harness.stop()
  })

  it('K12 over the limit leave their key alone, in load, stream and when completed, and stop no other row', async () => {
    await start(MIB)
    const { database } = harness
    await database.query(
      `insert into item (id, name, note) values (1, 'small', null), (2, 'large', repeat('x', ${2 * MIB}))`,
    )
    run()
    await waitFor(() => said('"streaming"').length > 0, { what: 'the stream' })
    await database.query(
      `insert into item (id, name, note) values (3, 'grows', 'x'), (4, 'completed', repeat('y', ${MIB - 100}))`,
    )
    await database.query(`update item set note = repeat('x', ${2 * MIB}) where id = 3`)
    await database.query(`update item set name = repeat('z', 1000) where id = 4`)
    await database.query(`update item set note = 'shrinks' where id = 3; insert into item values (99)`)
    const changes = await until('99')
    const tooLarge = changes.filter(change => change.tooLargeBytes > 0)
    expect(tooLarge.map(({ key, op, snapshot, row }) => [key, op, snapshot, row]).sort()).toEqual([
      ['2', Op.INSERT, true, ['2', undefined, undefined, undefined, undefined]],
      ['3', Op.UPDATE, false, ['3', undefined, undefined, undefined, undefined]],
      ['4', Op.UPDATE, false, ['4', undefined, undefined, undefined, undefined]],
    ])
    for (const { tooLargeBytes } of tooLarge) expect(tooLargeBytes).toBeGreaterThan(MIB)
    const rows = applied(changes)
    expect(rows.get('1')?.[1]).toBe('small')
    expect(rows.get('3')?.[2]).toBe('shrinks')
    expect(disorder(changes)).toEqual([])
    const told = said('rows are too large').map(line => JSON.parse(line) as { dataset: string; rows: number })
    expect(told.reduce((sum, { rows: count }) => sum + count, 0)).toBe(3)
    expect(told[0]).toMatchObject({ dataset: 'item', limitBytes: MIB })
    expect(lines.some(line => line.includes('zzz'))).toBe(false)
  })

  it('C9 of several MB come whole, also when an update leaves them out', async () => {
    await start()
    const { database } = harness
    const fill = `insert into item select i, 'n', null, ${bytesSql(2.5 * MIB)}, null from generate_series(1, 2) i;
      update item set doc = jsonb_build_object('text', repeat('ä', ${2.5 * MIB})) where id = 1;
      insert into item select i, 'n', repeat('n', ${5 * MIB}) from generate_series(3, 4) i`
    await database.query(fill)
    run()
    await waitFor(() => said('"streaming"').length > 0, { what: 'the stream' })
    await database.query(`insert into item select 10 + id, name, note, data, null from item where id < 4`)
    await database.query(`update item set name = 'again' || id, doc = '{"a": 1}' where id > 1`)
    await database.query(`update item set name = 'more' || id where id = 11; insert into item values (99)`)
    const changes = await until('99')
    const digest = (rows: ReadonlyMap<string, readonly (string | null | undefined)[]>) =>
      sorted(rows).map(([key, row]) => [
        key,
        row.map(cell =>
          cell == null || cell.length < 100 ? cell : createHash('md5').update(cell).digest('hex'),
        ),
      ])
    // row 1 has 5 MiB of bytea and 5 MiB of jsonb: over the default limit
    const rows = await tableRows(harness, 'item')
    rows.set('1', ['1', ...Array.from({ length: 4 }, () => undefined as unknown as null)])
    expect(digest(applied(changes))).toEqual(digest(rows))
    expect(said('large values were read again').length).toBeGreaterThan(0)
  })
})

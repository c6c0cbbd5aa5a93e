import { afterEach, describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { TableShapes, topicNames } from '@headrace/wire'
import { applied, tableRows } from './testing/checks.ts'
import { createHarness, type Harness, type RunningCapture } from './testing/harness.ts'

const ITEM = `create type mood as enum ('low', 'high');
  create table item (id int primary key, name varchar(20), amount numeric(10,2), feels mood);
  insert into item select i, 'n' || i, i, 'low' from generate_series(1, 10) i`
const PARTITIONED = `create table item (id int, kind int, primary key (id, kind)) partition by list (kind);
  create table item_1 partition of item for values in (1); create table item_2 partition of item for values in (2);
  create table item_3 (id int not null, kind int not null);
  insert into item select i, 1 + i % 2 from generate_series(1, 10) i; insert into item_3 values (100, 3)`

const COLUMNS = ['id', 'name', 'amount', 'feels']

describe('a changed catalogue', () => {
  let harness: Harness
  let streams = false
  const running: RunningCapture[] = []

  const start = async (ddl: string, columns: readonly string[] = []): Promise<void> => {
    const key = ddl === PARTITIONED ? ['id', 'kind'] : ['id']
    harness = await createHarness([{ name: 'item', key, columns }], ddl)
  }
  const capture = (watchMs = 200, columns?: readonly string[]): RunningCapture => {
    streams = false
    const one = harness.start({ watchMs, columns, log: line => (streams ||= line.includes('"streaming"')) })
    running.push(one)
    return one
  }
  const streaming = (): Promise<boolean> => waitFor(() => streams, { what: 'the stream' })
  const stopped = (words: RegExp) => ({
    code: 'capture.schema_changed',
    message: expect.stringMatching(words),
    hint: expect.stringContaining('source reset'),
  })

  afterEach(async () => {
    await Promise.all(running.splice(0).map(one => one.stop().catch(() => undefined)))
    await harness.stop()
  })

  it.each([
    [
      ITEM,
      `alter table item alter column name type text using upper(name), alter column amount type numeric(10,1)`,
      /"amount" was numeric\(10,2\) and is numeric\(10,1\)/,
    ],
    [
      ITEM,
      `alter type mood rename value 'low' to 'down'`,
      /the label 'low' of the enum public\.mood is 'down' now/,
    ],
    [
      ITEM,
      `alter table item drop column name; alter table item add column name varchar(20)`,
      /the column "name" is another one now/,
    ],
    [ITEM, `drop table item; create table item (id int primary key)`, /the table/],
    [ITEM, `alter table item rename to thing`, /the table is gone/],
    [
      PARTITIONED,
      `alter table item detach partition item_2`,
      /the partition public\.item_2 was detached or dropped/,
    ],
    [
      PARTITIONED,
      `alter table item attach partition item_3 for values in (3)`,
      /the table public\.item_3 was attached/,
    ],
    [PARTITIONED, `truncate item_2`, /the partition public\.item_2 was truncated/],
  ])('C8 stops capture (%#)', async (ddl, change, words) => {
    await start(ddl, ddl === ITEM ? COLUMNS : ['id', 'kind'])
    const one = capture()
    await streaming()
    await harness.database.query(change)
    await expect(one.done).rejects.toMatchObject(stopped(words))
    // and again: nobody goes on by starting anew
    await expect(capture().done).rejects.toMatchObject({
      code: expect.stringMatching(/^capture\.(schema_changed|source_unfit)$/),
    })
  })

  it.each([
    [ITEM, `alter table item alter amount type numeric(10,1)`, /"amount" was numeric\(10,2\)/],
    [PARTITIONED, `alter table item detach partition item_2`, /item_2 was detached/],
  ])('C8 is noticed after it happened while capture was down (%#)', async (ddl, change, words) => {
    await start(ddl, ddl === ITEM ? COLUMNS : ['id', 'kind'])
    const one = capture()
    await streaming()
    await waitFor(async () => (await harness.changes('item')).length === 10, { what: 'the load' })
    await one.stop()
    await harness.database.query(change)
    await expect(capture().done).rejects.toMatchObject(stopped(words))
  })

  it('C8 is looked for as soon as the stream describes the table anew', async () => {
    await start(ITEM, COLUMNS)
    const one = capture(600_000)
    await streaming()
    await harness.database.query(
      `alter table item alter amount type numeric(10,1); insert into item values (11)`,
    )
    await expect(one.done).rejects.toMatchObject(stopped(/"amount"/))
  })

  /** Capture has compared the catalogue, and keeps what it saw. */
  const seen = (column: string): Promise<boolean> =>
    waitFor(
      async () => {
        const records = await harness.records(topicNames(harness.pipeline).positions)
        const kept = records.filter(({ key }) => key?.toString() === `${harness.slot}/shapes`).at(-1)
        return TableShapes.decode(kept!.value!).tables[0]!.columns.some(({ name }) => name === column)
      },
      { what: 'the look at the catalogue' },
    )
  const streamed = async (id: number, ...values: readonly unknown[]): Promise<void> => {
    await harness.database.query(`insert into item values (${[id, ...values].join(', ')})`)
    await waitFor(async () => (await harness.changes('item')).some(({ key }) => key.includes(String(id))), {
      what: `the row ${id}`,
    })
  }

  it.each([
    [ITEM, `alter table item add column extra int default 7`],
    [
      ITEM,
      `alter table item add column extra uuid default gen_random_uuid(); alter table item alter extra drop default`,
    ],
    [ITEM, `alter table item add column extra serial`],
    [ITEM, `alter table item add column extra int generated always as identity`],
    [PARTITIONED, `alter table item add column extra int default 7`],
  ])('C8 goes on with values of a column that no contract has, until one does (%#)', async (ddl, change) => {
    const columns = ddl === ITEM ? COLUMNS : ['id', 'kind']
    const extra = [...columns, 'extra']
    await start(ddl, columns)
    const one = capture()
    await streaming()
    await harness.database.query(change)
    await seen('extra')
    // nothing in the catalogue tells it any more
    await harness.database.query(`alter table item alter extra drop identity if exists`)
    await harness.database.query(`alter table item alter extra drop default, alter extra drop not null`)
    await harness.database.query(`vacuum full item`)
    await streamed(101, 1)
    await one.stop()
    const again = capture()
    await streaming()
    await streamed(102, 1)
    await again.stop()
    for (let time = 0; time < 2; time += 1) {
      await expect(capture(200, extra).done).rejects.toMatchObject(
        stopped(/public\.item: the column "extra" was added with values/),
      )
    }
    // without it in the contract all is as before
    capture()
    await streaming()
    await streamed(103, 1)
  })

  it('C8 stops at a column that came with values and with the contract, and goes on with one that is empty', async () => {
    await start(ITEM, COLUMNS)
    const one = capture()
    await streaming()
    await harness.database.query(`alter table item add column note text`)
    await seen('note')
    await one.stop()
    const two = capture(200, [...COLUMNS, 'note'])
    await streaming()
    await two.stop()
    await harness.database.query(`alter table item add column other text`)
    const three = capture(200, [...COLUMNS, 'note', 'other'])
    await streaming()
    await three.stop()
    await harness.database.query(`alter table item add column extra int default 7`)
    await expect(capture(200, [...COLUMNS, 'extra']).done).rejects.toMatchObject(stopped(/"extra" was added/))
  })

  it('C8 stops when the contract follows a new name without a new load', async () => {
    await start(ITEM, ['id', 'name'])
    const one = capture()
    await streaming()
    await harness.database.query(`alter table item rename column name to title`)
    await expect(one.done).rejects.toMatchObject({ code: 'capture.column_missing' })
    await expect(capture(200, ['id', 'title']).done).rejects.toMatchObject(
      stopped(/public\.item: the column "title" was called "name" when rows were written/),
    )
  })

  it('C8 knows which columns are published: one that was not may not come into the contract', async () => {
    await start(ITEM, ['id', 'name'])
    await harness.database.query(`create publication ${harness.slot} for table item (id, name, amount)
      with (publish_via_partition_root)`)
    const one = capture()
    await streaming()
    await seen('feels')
    await one.stop()
    await expect(capture(200, COLUMNS).done).rejects.toMatchObject({
      code: 'capture.column_missing',
      message: expect.stringContaining('"feels"'),
    })
    await harness.database.query(`alter publication ${harness.slot} set table item`)
    await expect(capture(200, COLUMNS).done).rejects.toMatchObject(
      stopped(/the column "feels" was not published when rows were written/),
    )
    capture()
    await streaming()
    await streamed(11, `'n'`, 1, `'low'`)
    await harness.database.query(`alter publication ${harness.slot} set table item (id)`)
    await expect(running.at(-1)!.done).rejects.toMatchObject({
      code: 'capture.column_missing',
      message: expect.stringContaining('"name"'),
    })
  })

  it('C8 is seen without a row when it renames a column of the contract', async () => {
    await start(ITEM, ['id', 'name'])
    const one = capture()
    await streaming()
    await harness.database.query(`alter table item rename column name to title`)
    const missing = { code: 'capture.column_missing', message: expect.stringContaining('"name"') }
    await expect(one.done).rejects.toMatchObject(missing)
    await expect(capture().done).rejects.toMatchObject(missing)
  })

  it('C8 stops when the replica identity loses the key while capture streams', async () => {
    await start(
      `create table item (id int primary key, code int not null unique); insert into item values (1, 1)`,
    )
    const one = capture()
    await streaming()
    await harness.database.query(`alter table item replica identity using index item_code_key`)
    await harness.database.query(`update item set id = 2`)
    await expect(one.done).rejects.toMatchObject({
      code: 'capture.key_missing',
      message: expect.stringContaining('"id"'),
    })
  })

  it('C8 goes on when all that changed is in the stream', async () => {
    await start(ITEM)
    let one = capture()
    await streaming()
    const changes = [
      `vacuum full item`,
      `alter table item alter column name type text, alter column id type bigint`,
      `truncate item; insert into item values (11, 'n', 1, 'low')`,
      // a column with a default and a rewrite between two looks could not be told from one that was added with it
      `alter table item add column extra int; alter table item alter column extra set default 3`,
      `alter type mood add value 'middle' before 'high'`,
      `alter table item rename column name to title; alter table item drop column amount`,
      `insert into item values (12, 'n', 'middle', 5)`,
    ]
    for (const [at, change] of changes.entries()) {
      for (const statement of change.split('; ')) await harness.database.query(statement)
      if (at !== 2) continue
      await one.stop()
      one = capture()
      await streaming()
    }
    await waitFor(async () => (await harness.changes('item')).some(({ key }) => key === '12'), {
      what: 'the row',
    })
    await one.stop()
    const restarted = capture()
    await streaming()
    await harness.database.query(`insert into item values (13, 'n', 'low', 6)`)
    await waitFor(async () => (await harness.changes('item')).some(({ key }) => key === '13'), {
      what: 'the row',
    })
    const rows = applied(await harness.changes('item'))
    const table = await tableRows(harness, 'item')
    expect([...rows.keys()].sort()).toEqual([...table.keys()].sort())
    // the row from before has the columns that the table had then
    for (const key of ['12', '13']) expect(rows.get(key)).toEqual(table.get(key))
    await restarted.stop()
  })

  it('C8 goes on with new and emptied partitions that the stream knows all of', async () => {
    await start(PARTITIONED)
    const one = capture()
    await streaming()
    await harness.database.query(`create table item_4 partition of item for values in (4)`)
    await harness.database.query(`insert into item values (40, 4)`)
    await harness.database.query(`create table item_5 (id int not null, kind int not null)`)
    await harness.database.query(`alter table item attach partition item_5 for values in (5)`)
    await waitFor(async () => (await harness.changes('item')).some(({ key }) => key.includes('40')), {
      what: 'the row',
    })
    await harness.database.query(`truncate item`)
    await harness.database.query(`insert into item values (41, 1)`)
    await waitFor(async () => (await harness.changes('item')).some(({ key }) => key.includes('41')), {
      what: 'the row',
    })
    await one.stop()
    capture()
    await streaming()
    expect([...applied(await harness.changes('item')).keys()]).toHaveLength(1)
  })

  // at the first a rewrite is done before the tables are held, at the second it waits
  it.each(['slot and snapshot are made', '"msg":"committed"'])(
    'C12 a table that is rewritten while others are loaded comes whole (after %s)',
    async moment => {
      const many = `select i, repeat('x', 100) from generate_series(1, 60000) i`
      harness = await createHarness(
        ['first', 'second', 'third'].map(name => ({ name, key: ['id'] })),
        `create table first (id int primary key, name text); create table second (id int primary key, name text);
         create table third (id int primary key); insert into first ${many}; insert into second ${many};
         insert into third select i from generate_series(1, 10) i`,
      )
      streams = false
      let rewritten: Promise<unknown> | undefined
      const log = (line: string): void => {
        streams ||= line.includes('"streaming"')
        if (line.includes(moment))
          rewritten ??= harness.database.query('alter table third alter id type bigint')
      }
      running.push(harness.start({ log }))
      await streaming()
      await rewritten
      expect([...applied(await harness.changes('third')).keys()].sort()).toEqual(
        [...(await tableRows(harness, 'third')).keys()].sort(),
      )
    },
  )
})

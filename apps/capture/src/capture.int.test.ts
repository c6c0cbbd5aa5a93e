import { afterEach, describe, expect, it } from '@jest/globals'
import { fingerprintText } from '@headrace/changes'
import { Health } from '@headrace/runtime'
import { waitFor } from '@headrace/testkit'
import { CapturePosition, MarkerKind, Op, RelationDescription, topicNames } from '@headrace/wire'
import { applied, disorder, sorted, tableRows } from './testing/checks.ts'
import type { Delivery } from './steps/delivery.ts'
import { createHarness, type Harness, type RunningCapture, type SeenChange } from './testing/harness.ts'

const ITEM = `create table item (id int primary key, name text, note text)`

describe('capture', () => {
  let harness: Harness
  let isStreaming = false
  const running: RunningCapture[] = []

  const start = async (ddl = ITEM): Promise<void> => {
    harness = await createHarness([{ name: 'item', key: ['id'] }], ddl)
  }
  const capture = (options: Parameters<Harness['start']>[0] = {}): RunningCapture => {
    isStreaming = false
    const one = harness.start({
      ...options,
      log: line => {
        isStreaming ||= line.includes('"streaming"')
        options.log?.(line)
      },
    })
    running.push(one)
    return one
  }
  /** Partitions are read one after another: what was found late in one may have come with something earlier in another. */
  const until = async (
    what: string,
    found: (changes: readonly SeenChange[]) => boolean,
  ): Promise<readonly SeenChange[]> => {
    await waitFor(async () => found(await harness.changes('item')), { what })
    return harness.changes('item')
  }
  const untilWhole = async (): Promise<void> => {
    const rows = JSON.stringify(sorted(await tableRows(harness, 'item')))
    const changes = await until('the whole table', all => JSON.stringify(sorted(applied(all))) === rows)
    expect(disorder(changes)).toEqual([])
  }
  const streaming = (): Promise<boolean> => waitFor(() => isStreaming, { what: 'the stream' })
  const position = async (): Promise<CapturePosition> => {
    const records = await harness.records(topicNames(harness.pipeline).positions)
    return CapturePosition.decode(records.at(-1)!.value!)
  }
  const slot = async (): Promise<{ confirmed: string; active: boolean }> => {
    const [row] = await harness.database.query<{ confirmed: string; active: boolean }>(
      `select confirmed_flush_lsn - '0/0' as confirmed, active from pg_replication_slots where slot_name = $1`,
      [harness.slot],
    )
    return row!
  }
  /** The server lets go of it in its own time. */
  const slotIsFree = (): Promise<boolean> =>
    waitFor(async () => !(await slot()).active, { what: 'the slot to be free' })

  afterEach(async () => {
    await Promise.all(running.splice(0).map(one => one.stop().catch(() => undefined)))
    await harness.stop()
  })

  it('C16 is alive while it waits for transactions of others to end', async () => {
    await start()
    const other = await harness.database.pool.connect()
    let now = 0
    const health = new Health({ now: () => now, stallMs: 1 })
    let waits = false
    try {
      await other.query(`begin; insert into item values (1, 'open')`)
      capture({ health, log: line => (waits ||= line.includes('making the slot')) })
      await waitFor(() => waits, { what: 'capture to wait' })
      now = 60_000
      expect(health.live.ok).toBe(false)
      await waitFor(() => health.live.ok, { what: 'a sign of life' })
    } finally {
      await other.query('commit')
      other.release()
    }
    await streaming()
  })

  it('C12 loads the table and streams on: the topic is the table', async () => {
    await start()
    await harness.database.query(`insert into item select i, 'n' || i, null from generate_series(1, 3000) i`)
    capture()
    await until('some of the load', changes => changes.length > 0)
    await harness.database.query(
      `update item set note = 'u' where id % 3 = 0; delete from item where id % 5 = 0; insert into item select i, 'late', null from generate_series(4001, 4100) i`,
    )
    await harness.database.query(`insert into item values (9999, 'last')`)
    const changes = await until('the last row', all => all.some(change => change.key === '9999'))
    expect(sorted(applied(changes))).toEqual(sorted(await tableRows(harness, 'item')))
    expect(disorder(changes)).toEqual([])
    expect(changes.filter(change => change.snapshot).every(change => change.op === Op.INSERT)).toBe(true)
    // a table whose rows went elsewhere would be told by it
    expect((await position()).snapshot).toMatchObject({
      finished: true,
      tables: [{ table: 'public.item', dataset: 'item', finished: true }],
    })
  })

  it('C2 acknowledges exactly what Kafka has, and C3 goes on from there after a stop, adjacent commits included', async () => {
    await start()
    for (let round = 0; round < 3; round += 1) {
      const one = capture()
      await streaming()
      await Promise.all(
        Array.from({ length: 40 }, (_, row) =>
          harness.database.query(`insert into item values (${round * 100 + row}, 'r${round}')`),
        ),
      )
      await until('all rows', changes => applied(changes).size === (round + 1) * 40)
      await waitFor(async () => BigInt((await slot()).confirmed) === (await position()).acknowledgedLsn, {
        what: 'the acknowledgement',
      })
      await one.stop()
      expect(BigInt((await slot()).confirmed) <= (await position()).acknowledgedLsn).toBe(true)
      // committed while nobody looks
      await Promise.all(
        Array.from({ length: 20 }, (_, row) =>
          harness.database.query(`update item set note = 'x' where id = ${round * 100 + row}`),
        ),
      )
    }
    capture()
    await streaming()
    await untilWhole()
  })

  it('C2 moves the slot of a table that is left alone, after the position', async () => {
    await start(`${ITEM}; create table unwatched (id int)`)
    capture({ watchMs: 500 })
    await streaming()
    const before = BigInt((await slot()).confirmed)
    await harness.database.query(`insert into unwatched select generate_series(1, 1000)`)
    await waitFor(async () => BigInt((await slot()).confirmed) > before + 60_000n, {
      what: 'the idle acknowledgement',
    })
    // read first: both move on
    const { confirmed } = await slot()
    expect((await position()).acknowledgedLsn >= BigInt(confirmed)).toBe(true)
  })

  it('C3 stops when the slot is ahead of the position', async () => {
    await start()
    const one = capture()
    await streaming()
    await one.stop()
    await slotIsFree()
    await harness.database.query(`insert into item values (1)`)
    await harness.database.query(`select pg_replication_slot_advance($1, pg_current_wal_lsn())`, [
      harness.slot,
    ])
    await expect(capture().done).rejects.toMatchObject({
      code: 'capture.slot_ahead',
      hint: expect.stringContaining('source reset'),
    })
  })

  it('C3 stops when the slot was made again while the tables were loaded', async () => {
    await start()
    const again = async (): Promise<void> => {
      await harness.database.query(`select pg_drop_replication_slot($1)`, [harness.slot])
      await harness.database.query(`insert into item values (1, 'between both')`)
      await harness.database.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [
        harness.slot,
      ])
    }
    // the load is over when this has settled
    const observe = (delivery: Delivery): void => {
      const settled = delivery.settled.bind(delivery)
      delivery.settled = async signal => {
        await settled(signal)
        await again()
      }
    }
    const ahead = { code: 'capture.slot_ahead' }
    await expect(capture({ observe }).done).rejects.toMatchObject(ahead)
    await expect(capture().done).rejects.toMatchObject(ahead)
  })

  it('C3 stops when the slot is gone', async () => {
    await start()
    const one = capture()
    await streaming()
    await one.stop()
    await slotIsFree()
    await harness.database.query(`select pg_drop_replication_slot($1)`, [harness.slot])
    await expect(capture().done).rejects.toMatchObject({ code: 'capture.slot_lost' })
  })

  it('C3 lets a second owner fence the first', async () => {
    await start()
    const first = capture()
    await streaming()
    const second = capture()
    await harness.database.query(`insert into item values (1, 'after the takeover')`)
    await until('the row', changes => changes.some(change => change.key === '1'))
    await harness.database.query(`insert into item select generate_series(2, 50)`)
    const lost = await first.done.then(
      () => 'none',
      error => (error as { code: string }).code,
    )
    expect(lost).toBe('kafka.writer_fenced')
    await until('all rows', changes => applied(changes).size === 50)
    expect(disorder(await harness.changes('item'))).toEqual([])
    await second.stop()
  })

  it('C8 describes a table before its rows need it, anew after DDL', async () => {
    await start()
    await harness.database.query(`insert into item values (1, 'a', 'b')`)
    capture()
    await streaming()
    await harness.database.query(
      `alter table item add column extra int; insert into item values (2, 'a', 'b', 7)`,
    )
    await harness.database.query(
      `alter table item drop column note; alter table item rename column name to title; insert into item values (3, 't', 8)`,
    )
    const changes = await until('the rows', all => all.some(change => change.key === '3'))
    const described = new Map(
      (await harness.records(topicNames(harness.pipeline).relations)).map(record => {
        const description = RelationDescription.decode(record.value!)
        expect(record.key!.toString()).toBe(fingerprintText(description.fingerprint))
        return [description.fingerprint, description.columns.map(column => column.name)]
      }),
    )
    const columns = (key: string) =>
      described.get(changes.find(change => change.key === key && change.row !== undefined)!.relation)
    expect(columns('1')).toEqual(['id', 'name', 'note'])
    expect(columns('2')).toEqual(['id', 'name', 'note', 'extra'])
    expect(columns('3')).toEqual(['id', 'title', 'extra'])
    // catalogue and stream describe a table alike
    expect(described.size).toBe(3)
  })

  it('C10 makes delete and insert of a changed key, and markers of TRUNCATE', async () => {
    await start()
    capture()
    await streaming()
    await harness.database.query(`insert into item values (1, 'a')`)
    await harness.database.query(`update item set id = 2 where id = 1`)
    await harness.database.query(`truncate item; insert into item values (3, 'c')`)
    const changes = await until('the last row', all => all.some(change => change.key === '3'))
    const moved = changes
      .filter(change => ['1', '2'].includes(change.key))
      .sort(
        (a, b) =>
          Number(a.position.commitLsn - b.position.commitLsn) || a.position.ordinal - b.position.ordinal,
      )
    expect(moved.map(change => [change.key, change.op, change.position.ordinal])).toEqual([
      ['1', Op.INSERT, 0],
      ['1', Op.DELETE, 0],
      ['2', Op.INSERT, 1],
    ])
    const markers = changes.filter(change => change.marker !== undefined)
    expect(markers.map(({ partition, marker }) => [partition, marker])).toEqual(
      [0, 1, 2].map(partition => [partition, MarkerKind.TRUNCATE]),
    )
    expect([...applied(changes).keys()]).toEqual(['3'])
  })

  it('C7 takes a transaction of 200,000 rows in bounded memory and many Kafka transactions', async () => {
    await start()
    const bufferBytes = 2_000_000
    let peak = () => 0
    let commits = 0
    capture({
      limits: { bufferBytes },
      observe: delivery => (peak = () => delivery.peakBytes),
      log: line => (commits += line.includes('"committed"') ? 1 : 0),
    })
    await streaming()
    await harness.database.query(
      `insert into item select i, 'name of ' || i, repeat('x', 150) from generate_series(1, 200000) i`,
    )
    await waitFor(
      async () =>
        (await position()).acknowledgedLsn > 0n &&
        commits > 20 &&
        (await harness.changes('item')).length >= 200_000,
      { what: 'all rows', timeoutMs: 240_000, everyMs: 500 },
    )
    // one buffer is being written while the next fills; a socket chunk may go over
    expect(peak()).toBeLessThan(2 * bufferBytes + 400_000)
    const changes = await harness.changes('item')
    expect(disorder(changes)).toEqual([])
    expect(applied(changes).size).toBe(200_000)
  })
})

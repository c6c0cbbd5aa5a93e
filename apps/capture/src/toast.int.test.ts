import { afterEach, describe, expect, it } from '@jest/globals'
import { RelationTracker } from '@headrace/changes'
import { checkSource, prepareSource } from '@headrace/postgres'
import { seededRandom, testSeed, waitFor } from '@headrace/testkit'
import { Op, RawRecord } from '@headrace/wire'
import { sourceTables } from './adapters/captured-table.ts'
import { RereadCompleter } from './steps/complete-rows.ts'
import { applied, disorder, sorted, tableRows } from './testing/checks.ts'
import { createHarness, type Harness, type RunningCapture, type SeenChange } from './testing/harness.ts'
import { testPipeline, type TestTable } from './testing/test-pipeline.ts'

/** Kept outside of the row and not compressed: an update of other columns does not send it. */
const ITEM = `create table item (id int primary key, name text, note jsonb, extra text);
  alter table item alter column note set storage external; alter table item alter column extra set storage external`
const NOTE = `jsonb_build_object('text', (select string_agg(md5(random()::text), '') from generate_series(1, 100 + i % 7)))`

describe('unchanged large values', () => {
  let harness: Harness
  let streams = false
  const running: RunningCapture[] = []

  const start = async (ddl = ITEM, toast: TestTable['toast'] = 'reselect'): Promise<void> => {
    harness = await createHarness([{ name: 'item', key: ['id'], toast }], ddl)
  }
  const capture = (options: Parameters<Harness['start']>[0] = {}): RunningCapture => {
    streams = false
    const log = (line: string): void => {
      streams ||= line.includes('"streaming"')
      options.log?.(line)
    }
    const one = harness.start({ ...options, log })
    running.push(one)
    return one
  }
  const streaming = (): Promise<boolean> => waitFor(() => streams, { what: 'the stream' })
  const until = async (key: string): Promise<readonly SeenChange[]> => {
    await waitFor(async () => (await harness.changes('item')).some(change => change.key === key), {
      what: `the row ${key}`,
      timeoutMs: 120_000,
    })
    return harness.changes('item')
  }
  const wish = () => {
    const pipeline = testPipeline(harness)
    const [source] = pipeline.sources
    return { slot: source!.slot, publication: source!.publication, tables: sourceTables(pipeline, source!) }
  }

  afterEach(async () => {
    await Promise.all(running.splice(0).map(one => one.stop().catch(() => undefined)))
    await harness.stop()
  })

  /** Records with a column that was not sent and no later change of their key that makes up for it. */
  const gaps = (changes: readonly SeenChange[]): readonly string[] =>
    changes
      .filter(
        (change, at) =>
          change.row?.includes(undefined) === true &&
          !changes.slice(at + 1).some(later => later.key === change.key && later.op === Op.DELETE),
      )
      .map(({ key, position }) => `${key} at ${position.commitLsn}/${position.ordinal}`)

  it('C9 are complete in every record, under concurrent updates, deletes and changed keys', async () => {
    await start()
    await harness.database.query(
      `insert into item select i, 'n' || i, ${NOTE}, repeat(md5(i::text), 100) from generate_series(1, 1500) i`,
    )
    const seed = testSeed()
    let reread = 0
    let largest = 0
    capture({
      log: line => {
        const rows = line.includes('read again') ? (JSON.parse(line) as { rows: number }).rows : 0
        reread += rows
        largest = Math.max(largest, rows)
      },
      limits: { bufferBytes: 1_000_000 },
    })
    await streaming()
    const worker = async (number: number): Promise<void> => {
      const random = seededRandom(seed + number)
      for (let round = 0; round < 120; round += 1) {
        const id = random.int(1, 1500)
        const statements = [
          `update item set name = 'a${number}.${round}' where id between ${id} and ${id + 40}`,
          `update item set name = 'b${number}.${round}' where id = ${id}`,
          `update item set extra = 'short' where id = ${id}`,
          `update item set note = (select ${NOTE} from (select ${id} as i) as s) where id = ${id}`,
          `update item set id = ${10_000 + number * 1000 + round} where id = ${id}`,
          `delete from item where id = ${id}`,
          `insert into item select ${id}, 'again', ${NOTE}, null from (select ${id} as i) as s on conflict do nothing`,
          // one transaction: a block of its own would stay open, and refuse all that follows, when the server ends this one
          `update item set name = 'c' where id = ${id}; update item set note = null where id = ${id}; update item set name = 'd' where id = ${id}`,
        ]
        // two of them may wait for each other over a range: the server ends one
        await harness.database.query(random.pick(statements)).catch((error: Error) => {
          if (!/deadlock/.test(error.message)) throw error
        })
      }
    }
    await Promise.all([1, 2, 3, 4].map(worker))
    await harness.database.query(`update item set name = 'all'; insert into item values (99999)`)
    const changes = await until('99999')
    expect(reread).toBeGreaterThan(1500)
    expect(largest).toBeLessThanOrEqual(500)
    expect(gaps(changes)).toEqual([])
    expect(disorder(changes)).toEqual([])
    expect(sorted(applied(changes))).toEqual(sorted(await tableRows(harness, 'item')))
    const updates = changes.filter(change => change.op === Op.UPDATE)
    const incomplete = updates.filter(change => change.row!.includes(undefined)).length
    expect(incomplete).toBeLessThan(updates.length / 2)
  })

  it('C9 are taken only from a snapshot that sees the change', async () => {
    await start()
    await harness.database.query(`insert into item select 1, 'a', ${NOTE} from generate_series(1, 1) i`)
    const other = await harness.database.pool.connect()
    const [table] = wish().tables
    const relation = new RelationTracker({ tables: [table!] }).describe({
      fingerprint: 1n,
      schema: 'public',
      table: 'item',
      oid: 1,
      replicaIdentity: 'd',
      columns: ['id', 'name', 'note', 'extra'].map((name, at) => ({
        name,
        typeOid: 25,
        typeModifier: -1,
        key: at === 0,
      })),
    })
    const change = {
      origin: undefined,
      relation: 1n,
      old: undefined,
      new: { kinds: Buffer.from('ttut'), values: ['1', 'b', 'stays'].map(text => Buffer.from(text)) },
      tooLargeBytes: 0,
    }
    const value = Buffer.from(RawRecord.encode({ record: { $case: 'change', value: change } }).finish())
    let repeated = 0
    const events = { reread: (_: number, again: number) => void (repeated = again) }
    const completer = new RereadCompleter({ connection: { url: harness.database.url }, events })
    try {
      await other.query('begin')
      const { rows } = await other.query<{ xid: string }>(
        `update item set note = '{"newer": 1}', extra = 'x' where id = 1 returning pg_current_xact_id()::text as xid`,
      )
      const row = { relation, key: ['1'], columns: [2], xid: Number(BigInt(rows[0]!.xid) & 0xffff_ffffn) }
      const completed = completer.complete([{ row, value }])
      const asked = `select query from pg_stat_activity where datname = current_database() and query like '%json_array_elements($1%' and pid <> pg_backend_pid() and state = 'idle'`
      await waitFor(async () => (await harness.database.query(asked)).length > 0, { what: 'a first look' })
      await other.query('commit')
      const [done] = (await completed)!
      const { record } = RawRecord.decode(done!)
      const filled = record?.$case === 'change' ? record.value.new : undefined
      expect(Buffer.from(filled!.kinds).toString()).toBe('tttt')
      // what the stream said stays
      expect(filled!.values.map(each => Buffer.from(each).toString())).toEqual([
        '1',
        'b',
        '{"newer": 1}',
        'stays',
      ])
      expect(repeated).toBeGreaterThan(0)
    } finally {
      other.release()
      await completer.stop()
    }
  })

  it('C9 come with the row where the replica identity is full, which `full` asks for', async () => {
    await start(ITEM, 'full')
    await expect(capture().done).rejects.toMatchObject({
      code: 'capture.source_unfit',
      message: expect.stringContaining('ALTER TABLE "public"."item" REPLICA IDENTITY FULL'),
    })
    await prepareSource({ url: harness.database.url }, wish())
    expect(await checkSource({ url: harness.database.url }, wish())).toEqual([])
    let reread = false
    capture({ log: line => (reread ||= line.includes('read again')) })
    await streaming()
    await harness.database.query(`insert into item select i, 'a', ${NOTE} from generate_series(1, 20) i`)
    await harness.database.query(`update item set name = 'b'; insert into item values (99)`)
    const changes = await until('99')
    expect(sorted(applied(changes))).toEqual(sorted(await tableRows(harness, 'item')))
    expect(reread).toBe(false)
  })

  it('C9 stop capture where the pipeline says `fail`', async () => {
    await start(ITEM, 'fail')
    const one = capture()
    await streaming()
    await harness.database.query(`insert into item select i, 'a', ${NOTE} from generate_series(1, 20) i`)
    await harness.database.query(`update item set name = 'b'`)
    await expect(one.done).rejects.toMatchObject({
      code: 'capture.toast_unchanged',
      message: expect.stringContaining('"note"'),
      where: 'public.item',
    })
  })

  it('C9 stay unsent, never null, when the column went away before they were read', async () => {
    await start()
    const one = capture()
    await streaming()
    await harness.database.query(`insert into item select i, 'a', ${NOTE}, 'e' from generate_series(1, 20) i`)
    await until('20')
    await one.stop()
    await harness.database.query(`update item set name = 'b'`)
    await harness.database.query(`alter table item drop column note; insert into item values (99)`)
    capture()
    const updates = (await until('99')).filter(change => change.op === Op.UPDATE)
    expect(updates.map(change => change.row!.slice(1))).toEqual(updates.map(() => ['b', undefined, 'e']))
    expect(updates).toHaveLength(20)
  })
})

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createDatabase, type TestDatabase, uniqueName, waitFor } from '@headrace/testkit'
import {
  readTableShapes,
  connect,
  openCopySession,
  openReplication,
  checkSource,
  createSlot,
  dropSlot,
  type CopySession,
  prepareSource,
  type PostgresSession,
  readHeaps,
  readIdentity,
  readSlot,
  readTables,
  type SourceWish,
} from './index.ts'

describe('libs/postgres', () => {
  let database: TestDatabase
  let session: PostgresSession
  let slot: string
  beforeEach(async () => {
    database = await createDatabase('postgres')
    session = await connect({ url: database.url })
    slot = uniqueName('postgres', '_')
  })
  afterEach(async () => {
    await dropSlot(session, slot)
    await session.stop()
    await database.drop()
  })
  const wish = (keyColumns: readonly string[] = ['id']): SourceWish => ({
    slot,
    publication: slot,
    tables: [{ schema: 'public', name: 't', keyColumns }],
  })

  it('pins what decides how values are printed', async () => {
    await database.query(
      `alter database "${database.name}" set timezone = 'Asia/Tokyo'; alter database "${database.name}" set datestyle = 'German'; alter database "${database.name}" set bytea_output = 'escape'`,
    )
    const other = await connect({ url: `${database.url}?options=-c%20TimeZone%3DAsia/Tokyo` })
    const [row] = await other.query(
      `select timestamptz '2026-01-02 03:04:05+00' as t, date '2026-01-02' as d, '\\xff'::bytea as b, 0.1::float8 + 0.2::float8 as f, interval '1 day 02:00' as i, array[true, null] as a`,
    )
    expect(row).toEqual({
      t: '2026-01-02 03:04:05+00',
      d: '2026-01-02',
      b: '\\xff',
      f: '0.30000000000000004',
      i: '1 day 02:00:00',
      a: '{t,NULL}',
    })
    await other.stop()
  })

  it('pins what would end its sessions, where the server knows it', async () => {
    const timeouts = `select setting from pg_settings where name in ('transaction_timeout', 'idle_session_timeout')`
    const known = await session.query(timeouts.replace('setting', 'name'))
    for (const { name } of known)
      await database.query(`alter database "${database.name}" set ${name} = '10min'`)
    const other = await connect({ url: database.url })
    expect(await other.query(timeouts)).toEqual(known.map(() => ({ setting: '0' })))
    await other.stop()
  })

  it('tells columns, domains, enums, keys and identities', async () => {
    await database.query(`create type mood as enum ('sad', 'ok'); create domain price as numeric(10,2); create domain fee as price;
      create table t (b text, id int, m mood not null, f fee, g int generated always as (id + 1) stored, ms mood[], primary key (id, b))`)
    const [table] = await readTables(session, [
      { schema: 'public', name: 't' },
      { schema: 'public', name: 'absent' },
    ])
    expect(table).toMatchObject({
      schema: 'public',
      name: 't',
      kind: 'r',
      replicaIdentity: 'd',
      primaryKey: ['id', 'b'],
      primaryKeyDeferrable: false,
      readable: true,
    })
    expect(
      table?.columns.map(({ name, type, baseType, labels, generated, notNull }) => [
        name,
        type,
        baseType,
        labels,
        generated,
        notNull,
      ]),
    ).toEqual([
      ['b', 'text', 'text', [], false, true],
      ['id', 'integer', 'integer', [], false, true],
      ['m', 'public.mood', 'public.mood', ['sad', 'ok'], false, true],
      ['f', 'public.fee', 'numeric', [], false, false],
      ['g', 'integer', 'integer', [], true, false],
      ['ms', 'public.mood[]', 'public.mood[]', ['sad', 'ok'], false, false],
    ])
  })

  it('C8 tells partitions that were attached, with all below them, from those made in place', async () => {
    await database.query(`create table t (id int) partition by list (id); create table made partition of t for values in (1);
      create publication ${slot} for table t with (publish_via_partition_root)`)
    // a new name or owner writes the partition's rows in the catalogue anew
    await database.query(`create table named partition of t for values in (4); insert into t values (4)`)
    await database.query(`alter table named rename to renamed`)
    await database.query(
      `alter table renamed owner to current_user; alter table renamed alter id set statistics 10`,
    )
    await database.query(`create table other (id int) partition by list (id)`)
    await database.query(
      `create table below partition of other for values in (2); insert into other values (2)`,
    )
    await database.query(`alter table t attach partition other for values in (2, 3)`)
    const [shape] = await readTableShapes(session, slot, [{ schema: 'public', name: 't' }])
    const heaps = shape!.heaps.map(({ name, attached, filled }) => [name, attached, filled])
    expect(heaps.sort()).toEqual([
      ['public.below', true, true],
      ['public.made', false, false],
      ['public.other', true, false],
      ['public.renamed', false, true],
      ['public.t', false, false],
    ])
  })

  it('C8 tells which columns got values without an event, in partitions too, and which no row has', async () => {
    await database.query(`create table t (id int, k int, hidden int) partition by list (k);
      create table t1 partition of t for values in (1); insert into t values (1, 1, 1);
      create publication ${slot} for table t (id, k) with (publish_via_partition_root)`)
    await database.query(`alter table t add column extra int default 7; alter table t add column plain int;
      alter publication ${slot} set table t (id, k, extra, plain)`)
    const [shape] = await readTableShapes(session, slot, [{ schema: 'public', name: 't' }])
    expect(shape!.columns.map(({ name, typeOid, hasMissing }) => [name, typeOid, hasMissing])).toEqual([
      ['id', 23, false],
      ['k', 23, false],
      ['hidden', 0, false],
      ['extra', 23, true],
      ['plain', 23, false],
    ])
  })

  it('C15 lists everything that is missing, with the SQL', async () => {
    expect((await checkSource({ url: database.url }, wish())).map(({ what }) => what)).toEqual([
      'the table "public"."t" does not exist',
      `the publication "${slot}" does not exist`,
    ])
    await database.query(`create table t (id float8, v text collate "C")`)
    const problems = await checkSource({ url: database.url }, wish())
    expect(problems.map(({ what }) => what).join('\n')).toMatch(
      /double precision[^]*replica identity[^]*publication/,
    )
    expect(problems.some(({ sql }) => sql.includes('REPLICA IDENTITY FULL'))).toBe(true)
    await database.query(`drop table t; create table t (id int primary key deferrable)`)
    expect((await checkSource({ url: database.url }, wish())).map(({ what }) => what).join('\n')).toMatch(
      /deferrable/,
    )
    await database.query(`drop table t; create table t (id int primary key)`)
    expect(await prepareSource({ url: database.url }, wish())).toHaveLength(1)
    expect(await prepareSource({ url: database.url }, wish())).toHaveLength(0)
    expect(await checkSource({ url: database.url }, wish())).toEqual([])
  })

  it('C12 holds the tables of a load, partitions too, and tells those that were rewritten before', async () => {
    await database.query(`create table t (id int primary key); insert into t values (1)`)
    await database.query(
      `create table p (id int) partition by list (id); create table p1 partition of p for values in (1)`,
    )
    await database.query(`insert into p values (1)`)
    const tables = ['t', 'p'].map(name => ({ schema: 'public', name }))
    const open = async (wait: boolean): Promise<CopySession> => {
      const [row] = await session.query('select pg_export_snapshot() as snapshot')
      return openCopySession({ connection: { url: database.url }, snapshot: row!['snapshot']!, tables, wait })
    }
    const at = async (change: string): Promise<CopySession> => {
      await session.query('begin isolation level repeatable read')
      await session.query('select 1')
      await database.query(change)
      return open(true)
    }
    await expect(at('alter table t alter id type bigint')).rejects.toMatchObject({
      code: 'capture.load_overtaken',
      message: expect.stringContaining('public.t'),
    })
    await session.query('commit')
    await expect(at('vacuum full p1')).rejects.toMatchObject({
      message: expect.stringContaining('public.p1'),
    })
    await session.query('commit')
    const held = await at('alter table t add column note text; insert into t values (2)')
    const changing = database.query('alter table t alter id type numeric')
    const waits = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    await waitFor(async () => (await database.query(waits)).length === 1, { what: 'the change to wait' })
    // who would wait behind the change, which waits for the hold, is told so at once
    await expect(open(false)).rejects.toMatchObject({ code: 'postgres.refused' })
    held.stop()
    await session.query('commit')
    await changing
  })

  it('C12 makes a slot whose snapshot is what lies before its first change', async () => {
    await database.query(`create table t (id int primary key); insert into t select generate_series(1, 5000)`)
    await prepareSource({ url: database.url }, wish())
    const made = await createSlot({ url: database.url }, slot)
    await database.query(`insert into t values (-1)`)
    const copy = await openCopySession({
      connection: { url: database.url },
      snapshot: made.snapshot,
      tables: [{ schema: 'public', name: 't' }],
      wait: true,
    })
    const [table] = await readTables(session, [{ schema: 'public', name: 't' }])
    expect((await readHeaps(session, table!.oid))[0]!.blocks).toBeGreaterThan(10)
    let rows = 0
    let negative = 0
    // held back again and again: nothing may get lost
    const row = (buffer: Buffer, start: number): void => {
      rows += 1
      if (buffer[start] === 0x2d) negative += 1
      if (rows % 1_000 !== 0) return
      copy.pause()
      setTimeout(() => copy.resume(), 5)
    }
    for (const range of [`ctid < '(10,0)'`, `ctid >= '(10,0)'`])
      await copy.copy(`COPY (SELECT id FROM public.t WHERE ${range}) TO STDOUT`, row)
    expect([rows, negative]).toEqual([5000, 0])
    await expect(copy.copy('COPY (SELECT nothing FROM public.t) TO STDOUT', row)).rejects.toMatchObject({
      code: 'postgres.refused',
    })
    copy.stop()
    await made.release()
    expect((await readSlot(session, slot))?.confirmed).toBe(made.consistentLsn)
    expect((await readIdentity({ url: database.url })).timeline).toBeGreaterThan(0)
  })

  it('C2 acknowledges exactly what it is told, and C4 answers while it is held back', async () => {
    await database.query(`create table t (id int primary key)`)
    await prepareSource({ url: database.url }, wish())
    const made = await createSlot({ url: database.url }, slot)
    await made.release()
    let commits: bigint[] = []
    const handlers = {
      data: (buffer: Buffer, start: number) =>
        void (buffer[start + 25] === 0x43 && commits.push(buffer.readBigUInt64BE(start + 35))),
      keepalive: () => undefined,
      chunk: () => undefined,
    }
    const patienceS = 6
    const short = { url: `${database.url}?options=-c%20wal_sender_timeout%3D${patienceS}s` }
    const stream = await openReplication({
      connection: short,
      slot,
      publication: slot,
      from: made.consistentLsn,
      handlers,
    })
    await database.query(`insert into t values (1)`)
    await waitFor(() => commits.length === 1, { what: 'the first commit' })
    expect((await readSlot(session, slot))?.confirmed).toBe(made.consistentLsn)
    stream.acknowledge(commits[0]!)
    await waitFor(async () => (await readSlot(session, slot))?.confirmed === commits[0], {
      what: 'the acknowledgement',
    })
    await database.query(`insert into t values (2)`)
    stream.pause()
    const replied = async () =>
      Number(
        (
          await session.query(
            `select extract(epoch from reply_time) as at from pg_stat_replication r join pg_replication_slots s on s.active_pid = r.pid where slot_name = $1`,
            [slot],
          )
        )[0]?.['at'] ?? 0,
      )
    const before = await replied()
    await waitFor(async () => (await replied()) > before + 2 * patienceS, { what: 'status updates' })
    expect((await readSlot(session, slot))?.active).toBe(true)
    await stream.stop()
    // acknowledged or not: what was not acknowledged comes again, what was does not
    commits = []
    await waitFor(async () => (await readSlot(session, slot))?.active === false, { what: 'the free slot' })
    const again = await openReplication({
      connection: { url: database.url },
      slot,
      publication: slot,
      from: (await readSlot(session, slot))!.confirmed!,
      handlers,
    })
    await waitFor(() => commits.length === 1, { what: 'the second commit' })
    await again.stop()
  })

  it('C3 hands on nothing of a slot that a look at it refuses, and lets go of it', async () => {
    await database.query(`create table t (id int primary key)`)
    await prepareSource({ url: database.url }, wish())
    const made = await createSlot({ url: database.url }, slot)
    await made.release()
    await database.query(`insert into t values (1)`)
    let received = 0
    const handlers = {
      data: () => void (received += 1),
      keepalive: () => void (received += 1),
      chunk: () => void (received += 1),
    }
    let wasOurs: boolean | undefined
    const begun = async (): Promise<void> => {
      wasOurs = (await readSlot(session, slot))?.active
      throw new Error('refused')
    }
    const options = { connection: { url: database.url }, slot, publication: slot, handlers, begun }
    await expect(openReplication({ ...options, from: made.consistentLsn })).rejects.toThrow('refused')
    expect([wasOurs, received]).toEqual([true, 0])
    await waitFor(async () => (await readSlot(session, slot))?.active === false, { what: 'the free slot' })
  })

  it('refuses a taken slot and a wrong address in words', async () => {
    await expect(connect({ url: 'postgres://postgres:secret@127.0.0.1:1/db' })).rejects.toMatchObject({
      code: 'postgres.unreachable',
      where: '127.0.0.1:1/db',
    })
    const error = await connect({ url: 'postgres://postgres:secret@127.0.0.1:1/db' }).catch(
      (caught: Error) => caught,
    )
    expect(JSON.stringify(error) + String(error)).not.toContain('secret')
  })
})

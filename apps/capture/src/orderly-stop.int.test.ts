import type { PoolClient } from 'pg'
import { afterEach, describe, it } from '@jest/globals'
import { createKafka } from '@headrace/kafka'
import { waitFor } from '@headrace/testkit'
import { createHarness, type Harness, type RunningCapture, type StartOptions } from './testing/harness.ts'

const ITEM = `create table item (id int primary key, name text)`
/** More than sockets hold: a load whose rows nobody takes waits. */
const LARGE = `${ITEM}; insert into item select i, repeat('x', 400) from generate_series(1, 80000) i`
/** A change of the table that waits for its turn. */
const QUEUED = `select from pg_stat_activity
  where datname = current_database() and query = 'lock table item' and wait_event_type = 'Lock'`
const HOUR_MS = 3_600_000

/** What it waits for goes on until the test is over: whoever waited on would run into the test's end. */
describe('a capture that is stopped while it waits', () => {
  let harness: Harness
  let other: PoolClient | undefined
  let lines: string[] = []
  const running: RunningCapture[] = []

  const start = async (ddl = ITEM): Promise<PoolClient> => {
    harness = await createHarness([{ name: 'item', key: ['id'] }], ddl)
    other = await harness.database.pool.connect()
    return other
  }
  const capture = (options: StartOptions = {}): RunningCapture => {
    lines = []
    const one = harness.start({ ...options, log: line => lines.push(line) })
    running.push(one)
    return one
  }
  const said = (words: string): Promise<boolean> =>
    waitFor(() => lines.some(line => line.includes(words)), { what: words })
  /** Statements of capture that wait for somebody. */
  const waiting = async (query = '%'): Promise<number> => {
    const found = await harness.database.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'headrace'
       and wait_event_type = 'Lock' and query like $1`,
      [query],
    )
    return found.length
  }
  const waits = (query?: string): Promise<boolean> =>
    waitFor(async () => (await waiting(query)) > 0, { what: 'capture to wait' })
  const waitsNoMore = (): Promise<boolean> =>
    waitFor(async () => (await waiting()) === 0, { what: 'the end at the server' })

  afterEach(async () => {
    await other?.query('rollback')
    other?.release()
    other = undefined
    await Promise.all(running.splice(0).map(one => one.stop().catch(() => undefined)))
    await harness.stop()
  })

  it('ends in order while Kafka is away', async () => {
    await start()
    let isAway = false
    const kafka = createKafka({
      brokers: ['127.0.0.1:1'],
      clientId: 'nobody',
      patienceMs: HOUR_MS,
      log: () => (isAway = true),
    })
    const one = capture({ kafka })
    await waitFor(() => isAway, { what: 'the first failure' })
    await one.stop()
  })

  it('ends in order while its slot waits for transactions of others, and leaves none', async () => {
    const changing = await start()
    await changing.query(`begin; insert into item values (1)`)
    const one = capture()
    await said('making the slot')
    await waits('CREATE_REPLICATION_SLOT%')
    await one.stop()
    await waitFor(
      async () => {
        const slots = `select from pg_replication_slots where slot_name = $1`
        return (await harness.database.query(slots, [harness.slot])).length === 0
      },
      { what: 'no slot' },
    )
  })

  it('ends in order while somebody changes a table that it looks at', async () => {
    const changing = await start()
    const first = capture()
    await said('"streaming"')
    await first.stop()
    await changing.query(`begin; lock table item`)
    const one = capture()
    await waits()
    await one.stop()
    await waitsNoMore()
  })

  it('ends in order while it opens a connection of the first load again', async () => {
    const changing = await start(LARGE)
    let go = (): void => undefined
    const gate = new Promise<void>(resolve => (go = resolve))
    const one = capture({
      limits: { bufferBytes: 100_000 },
      // nothing is written, so the load waits
      observe: delivery => {
        const write = delivery.run.bind(delivery)
        delivery.run = () => gate.then(write)
      },
    })
    const copying = `select from pg_stat_activity where datname = current_database() and wait_event = 'ClientWrite'`
    await waitFor(async () => (await harness.database.query(copying)).length > 0, { what: 'the load' })
    await changing.query('begin')
    const changed = changing.query('lock table item')
    await waitFor(async () => (await harness.database.query(QUEUED)).length > 0, { what: 'the change' })
    await harness.database.query(
      `select pg_terminate_backend(pid) from pg_locks
       where relation = 'item'::regclass and mode = 'AccessShareLock' and granted`,
    )
    await changed
    go()
    await said('this part is read again')
    await waits('LOCK TABLE%')
    await one.stop()
    await waitsNoMore()
  })

  it('ends in order while somebody changes a table whose large values it reads again', async () => {
    const changing = await start(
      `create table item (id int primary key, large text, note text); alter table item alter large set storage external;
       insert into item values (1, repeat('x', 100000))`,
    )
    const one = capture()
    await said('"streaming"')
    const updating = await harness.database.pool.connect()
    await updating.query(`begin; update item set note = 'new'`)
    await changing.query('begin')
    // it comes after the update, and before whoever hears of the update
    const changed = changing.query('lock table item')
    await waitFor(async () => (await harness.database.query(QUEUED)).length > 0, { what: 'the change' })
    await updating.query('commit')
    updating.release()
    await changed
    await waits('select pg_catalog.pg_current_snapshot%')
    await one.stop()
    await waitsNoMore()
  })
})

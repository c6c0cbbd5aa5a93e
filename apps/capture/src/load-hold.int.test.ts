import { afterEach, describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { applied, tableRows } from './testing/checks.ts'
import { createHarness, type Harness, type RunningCapture } from './testing/harness.ts'

const TABLES = ['first', 'second']
const ROWS = `select i, repeat('x', 100) from generate_series(1, 1000) i`

/** Rewrites the table as soon as one session holds both; if it is too slow to see that, when the stream has begun. */
const rewrite = (slot: string): string => `do $$ begin
  while not exists (
    select from pg_locks where relation in ('first'::regclass, 'second'::regclass) and mode = 'AccessShareLock' and granted
    group by pid having count(*) = 2
  ) and not exists (
    select from pg_stat_get_wal_senders() w join pg_replication_slots s on s.active_pid = w.pid
    where s.slot_name = '${slot}' and w.state <> 'startup'
  ) loop perform pg_sleep(0.0005); end loop;
  alter table second alter id type bigint;
end $$`

describe('the hold on the tables of a first load', () => {
  let harness: Harness
  let capture: RunningCapture | undefined

  afterEach(async () => {
    await capture?.stop().catch(() => undefined)
    await harness.stop()
  })

  it('C12 is let go when somebody waits for it and the load, which is being planned, would wait behind him', async () => {
    harness = await createHarness(
      TABLES.map(name => ({ name, key: ['id'] })),
      TABLES.map(
        name => `create table ${name} (id int primary key, name text); insert into ${name} ${ROWS}`,
      ).join(';'),
    )
    const rewritten = harness.database.query(rewrite(harness.slot))
    let streams = false
    capture = harness.start({ log: line => (streams ||= line.includes('"streaming"')) })
    await waitFor(() => streams, { what: 'the stream' })
    await rewritten
    for (const table of TABLES)
      expect([...applied(await harness.changes(table)).keys()].sort()).toEqual(
        [...(await tableRows(harness, table)).keys()].sort(),
      )
  })
})

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { connect, type PostgresSession } from '@headrace/postgres'
import { createDatabase, type TestDatabase, uniqueName, waitFor } from '@headrace/testkit'
import { sourceTables } from '../adapters/captured-table.ts'
import { testPipeline } from '../testing/test-pipeline.ts'
import { ShapeWatch } from './watch-shapes.ts'

/** Each leaves a number of a column behind; a table has 1,600. */
const CHANGES = 400
const HOUR_MS = 3_600_000

describe('the look at the catalogue', () => {
  let database: TestDatabase
  let session: PostgresSession
  let newWatch: () => ShapeWatch
  beforeEach(async () => {
    database = await createDatabase('capture')
    session = await connect({ url: database.url })
    const publication = uniqueName('capture', '_')
    await database.query(`create table item (id int primary key, name text);
      create publication ${publication} for table item`)
    const pipeline = testPipeline({
      pipeline: uniqueName('capture'),
      slot: publication,
      partitions: 1,
      tables: [{ name: 'item', key: ['id'], columns: ['id', 'name'] }],
    })
    newWatch = () =>
      new ShapeWatch({
        connection: { url: database.url },
        source: { name: 'source', publication },
        tables: sourceTables(pipeline, pipeline.sources[0]!),
        known: null,
        everyMs: HOUR_MS,
        save: () => undefined,
      })
  })
  afterEach(async () => {
    await session.stop()
    await database.drop()
  })

  it('C8h sees no half of a transaction', async () => {
    let changing = true
    const changes = (async () => {
      for (let i = 0; i < CHANGES; i++)
        await database.query(`alter table item drop column name; alter table item add column name text`)
    })().finally(() => (changing = false))
    let looks = 0
    for (; changing; looks++) await newWatch().look(session)
    await changes
    expect(looks).toBeGreaterThan(0)
  })

  it('C8i waits for the transaction that it is asked to look at', async () => {
    const watch = newWatch()
    await watch.look(session)
    const stop = new AbortController()
    const changing = await database.pool.connect()
    try {
      await changing.query('begin; alter table item rename column name to title')
      const { rows } = await changing.query<{ xid: string }>('select pg_current_xact_id()::text as xid')
      // as the stream tells it: committed, and not over yet for other sessions
      watch.ask(Number(BigInt(rows[0]!.xid) & 0xffff_ffffn))
      const watching = watch.run(stop.signal)
      watching.catch(() => undefined)
      const looks = `select from pg_stat_activity where datname = current_database() and application_name = 'headrace'
        and (wait_event_type = 'Lock' or query like '%pg_current_snapshot%')`
      await waitFor(async () => (await database.query(looks)).length > 0, { what: 'a look' })
      await changing.query('commit')
      await expect(watching).rejects.toMatchObject({ code: 'capture.column_missing' })
    } finally {
      stop.abort()
      changing.release()
    }
  })
})

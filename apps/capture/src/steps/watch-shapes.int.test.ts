import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { connect, type PostgresSession } from '@headrace/postgres'
import { createDatabase, type TestDatabase, uniqueName } from '@headrace/testkit'
import { sourceTables } from '../adapters/captured-table.ts'
import { testPipeline } from '../testing/test-pipeline.ts'
import { ShapeWatch } from './watch-shapes.ts'

/** Each leaves a number of a column behind; a table has 1,600. */
const CHANGES = 400

describe('the look at the catalogue', () => {
  let database: TestDatabase
  let session: PostgresSession
  beforeEach(async () => {
    database = await createDatabase('capture')
    session = await connect({ url: database.url })
  })
  afterEach(async () => {
    await session.stop()
    await database.drop()
  })

  it('C8h sees no half of a transaction', async () => {
    const publication = uniqueName('capture', '_')
    await database.query(`create table item (id int primary key, name text);
      create publication ${publication} for table item`)
    const pipeline = testPipeline({
      pipeline: uniqueName('capture'),
      slot: publication,
      partitions: 1,
      tables: [{ name: 'item', key: ['id'], columns: ['id', 'name'] }],
    })
    const tables = sourceTables(pipeline, pipeline.sources[0]!)
    let changing = true
    const changes = (async () => {
      for (let i = 0; i < CHANGES; i++)
        await database.query(`alter table item drop column name; alter table item add column name text`)
    })().finally(() => (changing = false))
    const look = (): Promise<void> =>
      new ShapeWatch({
        connection: { url: database.url },
        source: { name: 'source', publication },
        tables,
        known: null,
        everyMs: 60_000,
        save: () => undefined,
      }).look(session)
    let looks = 0
    for (; changing; looks++) await look()
    await changes
    expect(looks).toBeGreaterThan(0)
  })
})

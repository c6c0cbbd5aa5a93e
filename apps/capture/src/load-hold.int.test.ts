import { afterEach, describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { applied, tableRows } from './testing/checks.ts'
import { createHarness, type Harness, type RunningCapture } from './testing/harness.ts'

const TABLES = ['first', 'second']
const ROWS = `select i, repeat('x', 100) from generate_series(1, 1000) i`

const QUEUED = `select from pg_locks where relation = 'second'::regclass and not granted`

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
    let rewritten: Promise<unknown> | undefined
    const held = async (): Promise<void> => {
      if (rewritten !== undefined) return
      rewritten = harness.database.query('alter table second alter id type bigint')
      rewritten.catch(() => undefined)
      await waitFor(async () => (await harness.database.query(QUEUED)).length > 0, {
        what: 'the rewrite, which waits for the hold',
      })
    }
    const lines: string[] = []
    capture = harness.start({ held, log: line => lines.push(line) })
    const isTold = (words: string): boolean => lines.some(line => line.includes(words))
    await waitFor(() => isTold('"streaming"'), { what: 'the stream' })
    expect(isTold('capture.load_overtaken')).toBe(true)
    await rewritten
    for (const table of TABLES)
      expect([...applied(await harness.changes(table)).keys()].sort()).toEqual(
        [...(await tableRows(harness, table)).keys()].sort(),
      )
  })
})

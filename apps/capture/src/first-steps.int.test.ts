import { afterEach, describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { createHarness, type Harness } from './testing/harness.ts'

describe('first load and stream', () => {
  let harness: Harness
  afterEach(() => harness.stop())

  it('brings every row to the raw topic', async () => {
    harness = await createHarness([{ name: 'item', key: ['id'] }], `create table item (id int primary key, name text, note text)`)
    await harness.database.query(`insert into item select i, 'n' || i, case when i % 2 = 0 then 'a' || chr(9) || '\\' end from generate_series(1, 1000) i`)
    const lines: string[] = []
    const capture = harness.start({ log: line => lines.push(line) })
    capture.done.catch(error => console.log(error))
    await waitFor(async () => (await harness.changes('item')).length === 1000, { what: 'the first load' })
    await harness.database.query(`insert into item values (1001, 'late', null)`)
    await waitFor(async () => (await harness.changes('item')).length === 1001, { what: 'the stream' })
    const changes = await harness.changes('item')
    expect(changes.find(change => change.key === '1001')?.row).toEqual(['1001', 'late', null])
    expect(changes.find(change => change.key === '4')?.row).toEqual(['4', 'n4', 'a\t\\'])
    await capture.stop()
    console.log(lines.join(''))
  })
})

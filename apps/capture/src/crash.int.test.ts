import { type ChildProcess } from 'node:child_process'
import { afterEach, describe, expect, it } from '@jest/globals'
import { seededRandom, testSeed, waitFor } from '@headrace/testkit'
import { MarkerKind, topicNames } from '@headrace/wire'
import { applied, disorder, sorted, tableRows } from './testing/checks.ts'
import { createHarness, ended, type Harness } from './testing/harness.ts'

/** Wide enough that the first load takes many Kafka transactions. */
const ROWS = 4_000

/** Keeps changing the table until it is stopped: inserts, updates, deletes, changed keys, large transactions. */
const startLoad = (harness: Harness): (() => Promise<void>) => {
  let going = true
  const work = async (): Promise<void> => {
    for (let round = 1; going; round += 1) {
      const id = 10_000 + round * 1_000
      await harness.database.query(
        `insert into item select i, 'r' || i, repeat('y', 400) from generate_series(${id}, ${id + (round % 7 === 0 ? 400 : 5)}) i`,
      )
      await harness.database.query(`update item set name = 'n${round}' where id % 50 = ${round % 50}`)
      await harness.database.query(`delete from item where id % 97 = ${round % 97}`)
      await harness.database.query(`update item set id = -id where id = ${id + 1}`)
    }
  }
  const working = work()
  working.catch(() => undefined)
  return async () => {
    going = false
    await working
  }
}

describe('a killed capture', () => {
  let harness: Harness
  const children: ChildProcess[] = []

  const make = async (): Promise<void> => {
    harness = await createHarness(
      [{ name: 'item', key: ['id'] }],
      `create table item (id int primary key, name text, note text)`,
    )
    await harness.database.query(
      `insert into item select i, 'n' || i, repeat('x', 400) from generate_series(1, ${ROWS}) i`,
    )
  }
  const spawn = (failpoints = ''): ChildProcess => {
    const child = harness.spawn(failpoints)
    child.stderr?.on('data', (text: Buffer) => process.stderr.write(text))
    child.stdout?.resume()
    children.push(child)
    return child
  }
  const expectWhole = async (): Promise<void> => {
    await harness.database.query(
      `insert into item values (5, 'the end', null) on conflict (id) do update set name = 'the end'`,
    )
    const rows = sorted(await tableRows(harness, 'item'))
    await waitFor(
      async () => JSON.stringify(sorted(applied(await harness.changes('item')))) === JSON.stringify(rows),
      { what: 'the whole table', timeoutMs: 120_000, everyMs: 100 },
    )
    expect(disorder(await harness.changes('item'))).toEqual([])
  }

  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL')
      await ended(child)
    }
    await harness.stop()
  })

  it.each([
    'capture.before_commit=3',
    'capture.after_commit=3',
    'capture.after_ack=3',
    'capture.load=3',
    'capture.before_stream=1',
  ])('C12 loses no row and gives none twice in the first load: %s', async failpoint => {
    await make()
    const stopLoad = startLoad(harness)
    expect(await ended(spawn(failpoint))).toBe('SIGKILL')
    // between two statements of the load: rows that both take in another order would be a deadlock
    await harness.database.query(
      `lock table item in share row exclusive mode; delete from item where id between 1 and 200`,
    )
    const before = (await harness.changes('item')).length
    spawn()
    await waitFor(async () => (await harness.changes('item')).length > before, { what: 'the next load' })
    await stopLoad()
    await expectWhole()
    const sweeps = (await harness.changes('item')).filter(change => change.marker === MarkerKind.SWEEP)
    // the load was done when the stream was about to begin
    expect(sweeps.length).toBe(failpoint.startsWith('capture.before_stream') ? 0 : 3)
  })

  it('C12 reads only a part again when a connection is lost in the first load', async () => {
    await make()
    await harness.database.query(
      `insert into item select i, 'n' || i, repeat('x', 400) from generate_series(${ROWS + 1}, ${20 * ROWS}) i`,
    )
    // the connections that read are cut, while the one that holds the snapshot stays
    const lines: string[] = []
    const said = (text: string): number => lines.filter(line => line.includes(text)).length
    const capture = harness.start({
      limits: { records: 500, bufferBytes: 1_000_000 },
      log: line => lines.push(line),
    })
    await waitFor(
      async () => {
        await harness.database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and query like 'COPY %' and state = 'active'`,
        )
        return said('this part is read again') >= 3
      },
      { what: 'three lost connections', timeoutMs: 180_000, everyMs: 5 },
    )
    await expectWhole()
    await capture.stop()
    expect({ loads: said('loading all tables'), sourceLost: said('the source is away') }).toEqual({
      loads: 1,
      sourceLost: 0,
    })
  })

  it.each(['capture.before_commit', 'capture.after_commit', 'capture.after_ack'])(
    'C3 loses no row and gives none twice while streaming: %s',
    async failpoint => {
      await make()
      const first = spawn()
      await waitFor(async () => (await harness.changes('item')).length >= ROWS, { what: 'the first load' })
      const stopLoad = startLoad(harness)
      first.kill('SIGKILL')
      await ended(first)
      for (const count of [1, 2, 7, 13]) expect(await ended(spawn(`${failpoint}=${count}`))).toBe('SIGKILL')
      await stopLoad()
      spawn()
      await expectWhole()
    },
  )

  it('C3 survives kills at random moments under load', async () => {
    await make()
    const random = seededRandom(testSeed())
    const positions = async (): Promise<number> =>
      (await harness.records(topicNames(harness.pipeline).positions)).length
    const stopLoad = startLoad(harness)
    for (let kill = 0; kill < 8; kill += 1) {
      const child = spawn()
      // so many transactions on, wherever that is
      const [before, more] = [await positions(), random.int(1, 15)]
      await waitFor(async () => (await positions()) >= before + more, { what: 'transactions', everyMs: 1 })
      child.kill('SIGKILL')
      expect(await ended(child)).toBe('SIGKILL')
    }
    await stopLoad()
    spawn()
    await expectWhole()
  })
})

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { seededRandom, testRuns, waitFor } from '@headrace/testkit'
import { AggregatorHarness, COMPACTING, type RunningAggregator } from './testing/harness.ts'
import { treeFiles } from './testing/tree-folder.ts'
import { TreeTables } from './testing/tree-tables.ts'

/** Every window of the protocol (05 A13, A14), in the order of a turn, and where at the latest a process is killed at it. */
const WINDOWS: readonly (readonly [failpoint: string, atMost: number])[] = [
  ['aggregator.during_restore', 2],
  ['aggregator.restored', 2],
  ['aggregator.before_local_commit', 4],
  ['aggregator.after_local_commit', 4],
  ['aggregator.during_fan_out', 4],
  ['aggregator.during_sweep', 2],
  ['aggregator.transaction_added', 4],
  ['aggregator.transaction_prepared', 4],
  ['aggregator.after_kafka_commit', 4],
  ['aggregator.after_index_commit', 4],
]

/** How often each; ten of them are a long run. */
const ROUNDS = testRuns(1)

describe('kill -9 at every window of the protocol, with and without its disk (05 A13-A15, A21, A22; cases 43, 44, 49, 52)', () => {
  const random = seededRandom()
  const harness = new AggregatorHarness(2, treeFiles)
  const tables = new TreeTables(harness.pipeline, random)
  beforeAll(() => harness.start(COMPACTING))
  afterEach(() => harness.killAll())
  afterAll(() => harness.stop())

  const feed = (count: number): Promise<void> => harness.write(tables.change(count))

  /** Kills count only with work under way: changes go on until the process is gone. */
  const feedUntilEnded = async ({ ended }: RunningAggregator): Promise<number | string> => {
    let status: number | string | undefined
    void ended.then(value => (status = value))
    await waitFor(
      async () => {
        await feed(10)
        return status !== undefined
      },
      { what: 'the process to be killed', timeoutMs: 180_000, everyMs: 50 },
    )
    return status!
  }

  it(
    'gives the documents of a recomputation',
    async () => {
      const hits = new Map<string, number>()
      let lostDisks = 0
      for (let round = 0; round < ROUNDS; round++) {
        for (const [failpoint, atMost] of random.shuffled(WINDOWS)) {
          await feed(40)
          const doomed = harness.spawn({ failpoints: `${failpoint}=${random.int(1, atMost)}` })
          expect([failpoint, await feedUntilEnded(doomed)]).toEqual([failpoint, 'SIGKILL'])
          hits.set(failpoint, (hits.get(failpoint) ?? 0) + 1)
          if (random.chance(0.4)) {
            lostDisks++
            rmSync(join(harness.dataDir, 'aggregator-0'), { recursive: true, force: true })
          }
        }
        const last = harness.spawn()
        await harness.expectDocuments(tables.documents())
        expect(await last.stop()).toBe(0)
      }
      await waitFor(
        async () => {
          await feed(20)
          return (await harness.compactedRecords()) > 0
        },
        { what: 'compaction to run', timeoutMs: 180_000, everyMs: 500 },
      )
      const last = harness.spawn()
      await harness.expectDocuments(tables.documents())
      expect(await last.stop()).toBe(0)
      const compacted = await harness.compactedRecords()
      process.stdout.write(`${JSON.stringify({ lostDisks, compacted, hits: Object.fromEntries(hits) })}\n`)
      expect([...hits.values()]).toEqual(WINDOWS.map(() => ROUNDS))
    },
    300_000 + ROUNDS * 900_000,
  )
})

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { seededRandom, waitFor } from '@headrace/testkit'
import { AggregatorHarness, type RunningAggregator } from './testing/harness.ts'
import { SourceTables } from './testing/source-tables.ts'

const FAILPOINTS = [
  'aggregator.after_local_commit',
  'aggregator.after_kafka_commit',
  'aggregator.during_restore',
]

describe('recovery (05 A13-A16; cases 43, 44, 46, 51-53)', () => {
  const random = seededRandom()
  const harness = new AggregatorHarness(3)
  const tables = new SourceTables(harness.pipeline, random, { parents: 30, children: 150 })
  beforeAll(() => harness.start())
  afterEach(() => harness.killAll())
  afterAll(() => harness.stop())

  const feed = async (rounds: number, each = 40): Promise<void> => {
    for (let i = 0; i < rounds; i++) await harness.write(tables.change(each))
  }

  /** Kills count only with work under way. */
  const feedUntilEnded = async ({ ended }: RunningAggregator): Promise<number | string> => {
    let status: number | string | undefined
    void ended.then(value => (status = value))
    while (status === undefined) await feed(1, 20)
    return status
  }

  it.each(FAILPOINTS)('is right after being killed at %s', async failpoint => {
    await feed(2)
    const doomed = harness.spawn({
      failpoints: `${failpoint}=${failpoint.endsWith('restore') ? 1 : random.int(1, 4)}`,
    })
    expect(await feedUntilEnded(doomed)).toBe('SIGKILL')
    const last = harness.spawn()
    await harness.expectDocuments(tables.documents())
    expect(await last.stop()).toBe(0)
  })

  it('is right after kills at random moments, now and then without its disk', async () => {
    for (let round = 0; round < 4; round++) {
      const before = await harness.documentRecords()
      const doomed = harness.spawn()
      // a kill counts only when the process works and has work left
      await feed(2)
      await waitFor(async () => (await harness.documentRecords()) > before, {
        what: 'the process to emit',
        timeoutMs: 120_000,
      })
      await feed(random.int(1, 25), 20)
      await doomed.kill()
      // cases 44 and 53: the store is gone, perhaps with documents that were not emitted
      if (round % 2 === 1) rmSync(join(harness.dataDir, 'aggregator-0'), { recursive: true, force: true })
      if (random.chance()) await feed(2)
    }
    const last = harness.spawn()
    await harness.expectDocuments(tables.documents())
    await feed(3)
    await harness.expectDocuments(tables.documents())
    expect(await last.stop()).toBe(0)
  })

  it('is fenced when it sleeps through a rebalance, and works on afterwards (case 45)', async () => {
    const sleeper = harness.spawn({ instance: 'aggregator-0' })
    await feed(3)
    await harness.expectDocuments(tables.documents())
    await feed(5, 20)
    sleeper.process.kill('SIGSTOP')
    const heir = harness.spawn({ instance: 'aggregator-1' })
    await feed(3)
    await harness.expectDocuments(tables.documents())
    sleeper.process.kill('SIGCONT')
    await feed(10, 20)
    await harness.expectDocuments(tables.documents())
    await heir.kill()
    await sleeper.kill()
  })

  it('hands partitions to a second process and takes them back, whichever stores are old (A16)', async () => {
    const first = harness.spawn({ instance: 'aggregator-0' })
    await feed(5)
    const second = harness.spawn({ instance: 'aggregator-1' })
    await feed(20)
    await harness.expectDocuments(tables.documents())
    await first.kill()
    await feed(5)
    await harness.expectDocuments(tables.documents())
    // its stores stand where they stood when it was killed
    const third = harness.spawn({ instance: 'aggregator-0' })
    await feed(20)
    await harness.expectDocuments(tables.documents())
    expect(await second.stop()).toBe(0)
    await feed(5)
    await harness.expectDocuments(tables.documents())
    expect(await third.stop()).toBe(0)
  })

  it('stops when its group was forgotten, and makes all anew as it advises (A15, case 48)', async () => {
    const before = harness.spawn()
    await feed(2)
    await harness.expectDocuments(tables.documents())
    expect(await before.stop()).toBe(0)
    const { admin } = harness.kafka
    await waitFor(async () => (await admin.memberCount(harness.view.groupId)) === 0, { what: 'its leave' })
    await admin.deleteGroup(harness.view.groupId)
    expect(await harness.spawn().ended).toBe(90)
    await harness.remakeOwnTopics()
    const after = harness.spawn()
    await harness.expectDocuments(tables.documents())
    await feed(1)
    await harness.expectDocuments(tables.documents())
    expect(await after.stop()).toBe(0)
  })
})

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { seededRandom, waitFor } from '@headrace/testkit'
import { AggregatorHarness } from './testing/harness.ts'
import { treeFiles } from './testing/tree-folder.ts'
import { TreeTables } from './testing/tree-tables.ts'

describe('references, links and three levels (05 A3-A5, A13-A15)', () => {
  const random = seededRandom()
  const harness = new AggregatorHarness(2, treeFiles)
  const tables = new TreeTables(harness.pipeline, random)
  beforeAll(() => harness.start())
  afterEach(() => harness.killAll())
  afterAll(() => harness.stop())

  const feed = async (rounds: number, each = 40): Promise<void> => {
    for (let i = 0; i < rounds; i++) await harness.write(tables.change(each))
  }

  it('makes the documents of a random history, and goes on after a clean stop', async () => {
    const first = harness.spawn()
    await feed(20)
    await harness.expectDocuments(tables.documents())
    await feed(5)
    await harness.expectDocuments(tables.documents())
    expect(await first.stop()).toBe(0)
    await feed(3)
    const second = harness.spawn()
    await harness.expectDocuments(tables.documents())
    expect(await second.stop()).toBe(0)
  })

  it('is right after kills at random moments, now and then without its disk', async () => {
    for (let round = 0; round < 4; round++) {
      const before = await harness.documentRecords()
      const doomed = harness.spawn()
      await feed(2)
      await waitFor(async () => (await harness.documentRecords()) > before, {
        what: 'the process to emit',
        timeoutMs: 120_000,
      })
      await feed(random.int(1, 20), 20)
      await doomed.kill()
      if (round % 2 === 1) rmSync(join(harness.dataDir, 'aggregator-0'), { recursive: true, force: true })
    }
    const last = harness.spawn()
    await harness.expectDocuments(tables.documents())
    expect(await last.stop()).toBe(0)
  })
})

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { seededRandom } from '@headrace/testkit'
import { AggregatorHarness } from './testing/harness.ts'
import { SourceTables } from './testing/source-tables.ts'

describe('aggregator', () => {
  const harness = new AggregatorHarness(2)
  const random = seededRandom()
  const tables = new SourceTables(harness.pipeline, random, { parents: 20, children: 80 })
  beforeAll(() => harness.start())
  afterAll(() => harness.stop())

  it('makes the documents of a random history, and goes on after a clean stop', async () => {
    const first = harness.spawn()
    for (let i = 0; i < 10; i++) await harness.write(tables.change(50))
    await harness.expectDocuments(tables.documents())
    expect(await first.stop()).toBe(0)
    await harness.write(tables.change(100))
    const second = harness.spawn()
    await harness.expectDocuments(tables.documents())
    await harness.write(tables.change(100))
    await harness.expectDocuments(tables.documents())
    expect(await second.stop()).toBe(0)
  })
})

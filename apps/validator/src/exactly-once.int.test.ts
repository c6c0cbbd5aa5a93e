import { describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { Op } from '@headrace/wire'
import { createHarness, ended, type Harness } from './testing/harness.ts'
import { rawChange } from './testing/raw-records.ts'
import { testRelation } from './testing/test-pipeline.ts'

const ROWS = 4000

const rows = (topic: string) =>
  Array.from({ length: ROWS }, (_, i) =>
    rawChange(topic, 1n, Op.INSERT, i, [
      String(i),
      i % 10 === 0 ? 'BAD' : 'good',
      '1',
      null,
      null,
      null,
      null,
    ]),
  )

const counts = async ({ pipeline, records }: Harness) => ({
  validated: await records(pipeline.topics.validated('shape')),
  dead: await records(pipeline.topics.dead('shape')),
})

describe('a validator that is killed', () => {
  it('judges every record exactly once, killed before and after commits', async () => {
    const harness = await createHarness()
    try {
      const { pipeline } = harness
      await harness.describe(testRelation('shape', 1n))
      const raw = rows(pipeline.topics.raw('shape'))
      for (let i = 0; i < raw.length; i += 500) await harness.write(raw.slice(i, i + 500))
      for (const failpoints of ['before-commit=2', 'after-commit=1', 'before-commit=3']) {
        expect(await ended(harness.spawn(failpoints))).toBe('SIGKILL')
      }
      const last = harness.spawn()
      const expected = ROWS - ROWS / 10 + (ROWS / 10) * 2
      await waitFor(async () => (await counts(harness)).validated.length >= expected, {
        what: 'all records',
        timeoutMs: 40_000,
        everyMs: 300,
      })
      last.kill('SIGTERM')
      expect(await ended(last)).toBe(0)
      const { validated, dead } = await counts(harness)
      expect(validated).toHaveLength(expected)
      expect(dead).toHaveLength(ROWS / 10)
      expect(new Set(dead.map(({ key }) => key?.toString())).size).toBe(ROWS / 10)
      expect(new Set(validated.map(({ key }) => key?.toString())).size).toBe(ROWS)
    } finally {
      await harness.stop()
    }
  }, 90_000)
})

import { describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { Op } from '@headrace/wire'
import { createHarness, ended, type Harness } from './testing/harness.ts'
import { rawChange } from './testing/raw-records.ts'
import { testRelation } from './testing/test-pipeline.ts'

const ROWS = 20_000

const rows = (topic: string, from: number) =>
  Array.from({ length: ROWS }, (_, at) => from + at).map(i =>
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

const taken = async ({ pipeline, kafka }: Harness): Promise<number> => {
  const topic = pipeline.topics.raw('shape')
  const offsets = await kafka.admin.committed(`${pipeline.name}.validator`, { [topic]: [0, 1] })
  return offsets.reduce((sum, { next }) => sum + Number(next ?? 0n), 0)
}

/** Kills a validator right after one of its commits, wherever it is by then; whether some of `all` outputs are missing. */
const killedWhileBehind = async (harness: Harness, all: number): Promise<boolean> => {
  const before = await taken(harness)
  const child = harness.spawn()
  await waitFor(async () => (await taken(harness)) > before, {
    what: 'a commit',
    timeoutMs: 120_000,
    everyMs: 1,
  })
  child.kill('SIGKILL')
  await ended(child)
  return (await counts(harness)).validated.length < all
}

describe('a validator that is killed', () => {
  it('judges every record exactly once, killed before and after commits', async () => {
    const harness = await createHarness()
    try {
      const { pipeline } = harness
      await harness.describe(testRelation('shape', 1n))
      let written = 0
      const writeMore = async (): Promise<void> => {
        const raw = rows(pipeline.topics.raw('shape'), written)
        for (let i = 0; i < raw.length; i += 500) await harness.write(raw.slice(i, i + 500))
        written += raw.length
      }
      await writeMore()
      for (const failpoints of ['before-commit=2', 'after-commit=1']) {
        expect(await ended(harness.spawn(failpoints))).toBe('SIGKILL')
      }
      const expected = (): number => written + written / 10
      // one that was through before we looked is killed again with more to do: the last one would not hear an early SIGTERM
      while (!(await killedWhileBehind(harness, expected()))) await writeMore()
      const last = harness.spawn()
      await waitFor(async () => (await counts(harness)).validated.length >= expected(), {
        what: 'all records',
        timeoutMs: 180_000,
        everyMs: 300,
      })
      last.kill('SIGTERM')
      expect(await ended(last)).toBe(0)
      const { validated, dead } = await counts(harness)
      expect(validated).toHaveLength(expected())
      const bad = written / 10
      expect(dead).toHaveLength(bad)
      expect(new Set(dead.map(({ key }) => key?.toString())).size).toBe(bad)
      expect(new Set(validated.map(({ key }) => key?.toString())).size).toBe(written)
    } finally {
      await harness.stop()
    }
  })
})

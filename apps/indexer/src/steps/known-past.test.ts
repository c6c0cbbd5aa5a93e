import { describe, expect, it } from '@jest/globals'
import { LONGEST_AWAY_MS } from '@headrace/pipeline'
import { KnownPast } from './known-past.ts'

const HOUR_MS = 3_600_000

/** A topic of one partition, read up to somewhere. */
const world = (end = 10n) => {
  const log = {
    end,
    nowMs: 1_000_000_000_000,
    fails: false,
    asked: 0,
    /** What can be read still: offset and time. */
    first: undefined as { readonly offset: bigint; readonly timestamp: number } | undefined,
  }
  const past = new KnownPast({
    topic: 't',
    now: () => log.nowMs,
    reader: {
      bounds: () => {
        log.asked++
        return log.fails ? Promise.reject(new Error('away')) : Promise.resolve({ start: 0n, end: log.end })
      },
      async *readToEnd() {
        const records = log.first === undefined ? [] : [{ ...log.first, key: null, value: null }]
        yield await Promise.resolve({ records, next: log.end })
      },
    },
  })
  return { log, past, known: () => past.position(0)?.asOfMs }
}

describe('the past that an index knows', () => {
  it('moves on at once where everything is taken, and once an hour from then on', async () => {
    const { log, past, known } = world()
    past.begin(0, 10n, 5)
    expect((await past.look()).moved).toEqual([0])
    expect(known()).toBe(log.nowMs)
    log.nowMs += HOUR_MS - 1
    expect((await past.look()).moved).toEqual([])
    log.nowMs += 1
    expect((await past.look()).moved).toEqual([0])
    expect(known()).toBe(log.nowMs)
  })

  it('moves on to when the end was asked for, once that is taken', async () => {
    const { log, past, known } = world()
    const askedAt = log.nowMs
    past.begin(0, 3n, 5)
    expect((await past.look()).moved).toEqual([])
    log.nowMs += 5 * HOUR_MS
    log.end = 50n
    expect((await past.look()).moved).toEqual([])
    past.taken(0, 9n)
    expect(known()).toBe(5)
    past.taken(0, 10n)
    expect(known()).toBe(askedAt)
    expect(past.position(0)?.next).toBe(10n)
  })

  it('never goes back', async () => {
    const { log, past, known } = world()
    past.begin(0, 10n, log.nowMs + 7)
    await past.look()
    expect(known()).toBe(log.nowMs + 7)
  })

  it('is asked for again when the answer fails, and not twice at once', async () => {
    const { log, past, known } = world()
    past.begin(0, 10n, 5)
    log.fails = true
    await expect(past.look()).rejects.toThrow('away')
    log.fails = false
    const both = await Promise.all([past.look(), past.look()])
    expect(both.map(({ moved }) => moved)).toEqual([[0], []])
    expect(known()).toBe(log.nowMs)
    expect(log.asked).toBe(2)
  })

  it('is too old to go on from after 6 days, with what stands still as well', async () => {
    const { log, past } = world()
    past.begin(0, 3n, log.nowMs)
    past.begin(1, 3n, log.nowMs + HOUR_MS)
    log.nowMs += LONGEST_AWAY_MS
    expect((await past.look()).outdated).toBeUndefined()
    log.nowMs += 1
    expect((await past.look()).outdated).toBe(0)
    expect(past.outdated(0)).toMatchObject({ code: 'indexer.index_outdated', where: 'partition 0' })
  })

  it('is not too old where nothing was written meanwhile, as when all was switched off or stood still', async () => {
    const { log, past, known } = world()
    past.begin(0, 10n, log.nowMs)
    await past.look()
    log.nowMs += 30 * LONGEST_AWAY_MS
    expect((await past.look()).outdated).toBeUndefined()
    expect(known()).toBe(log.nowMs)
  })

  it('is not too old where the very record at the position is there and young', async () => {
    const { log, past, known } = world()
    past.begin(0, 3n, 5)
    const young = log.nowMs - HOUR_MS
    for (const [first, outdated] of [
      [undefined, 0],
      // what stood at the position was removed, a tombstone perhaps
      [{ offset: 4n, timestamp: young }, 0],
      [{ offset: 3n, timestamp: log.nowMs - LONGEST_AWAY_MS - 1 }, 0],
      [{ offset: 3n, timestamp: young }, undefined],
    ] as const) {
      log.first = first
      expect((await past.look()).outdated).toBe(outdated)
    }
    expect(known()).toBe(young)
  })
})

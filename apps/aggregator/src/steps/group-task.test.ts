import { describe, expect, it } from '@jest/globals'
import { encodeHop } from '@headrace/denormalise'
import type { IncomingRecord } from '@headrace/kafka'
import { MemoryStore } from '@headrace/store'
import { hopKey, ProjectedRow } from '@headrace/wire'
import { testFolder } from '../testing/test-folder.ts'
import { Doubt } from './doubt.ts'
import { type GroupInputState, GroupTask } from './group-task.ts'
import { viewInputs } from './view-inputs.ts'

const { pipeline } = testFolder('group-task', 1)
const view = viewInputs(pipeline, pipeline.views.get('parents')!)
const hopInput = view.topics.find(topic => topic.hop !== undefined)!

const hop = (offset: number, child: string, lsn: number | null, value = '"car"'): IncomingRecord => ({
  offset: BigInt(offset),
  key: Buffer.from(hopKey('1', child)),
  value:
    lsn === null
      ? null
      : encodeHop({
          position: { epoch: 1, commitLsn: BigInt(lsn), ordinal: 0 },
          commitTimeUs: 1n,
          // id, class, rank: fields, order and counted column of the view
          row: Buffer.from(ProjectedRow.encode({ values: ['1', value, '1'] }).finish()),
          repair: false,
        }),
  timestamp: 0,
})

interface Offsets {
  readonly applied?: number
  readonly emittedTo: number
  readonly doubtTo: number
}

const open = (store: MemoryStore, { applied = 0, emittedTo, doubtTo }: Offsets, hasHistory = true) => {
  const doubt = new Doubt(0n)
  doubt.read(0n, BigInt(doubtTo))
  const state: GroupInputState = {
    number: 0,
    input: hopInput,
    emittedTo: BigInt(emittedTo),
    doubt,
    applied: BigInt(applied),
    consumed: BigInt(emittedTo),
  }
  const task = new GroupTask(view, store, [state], hasHistory)
  const take = (...records: IncomingRecord[]): void =>
    store.transaction(() => {
      task.take(state, records, records[records.length - 1]!.offset + 1n, 0, new Map())
      task.flush()
    })
  const dirty = () => task.root.dirty.due(0, { idleMs: 0, maxMs: 0, limit: 10 })
  return { state, task, take, dirty }
}

describe('GroupTask (05 A13-A15)', () => {
  it('A13: skips what is in the store, value or tombstone', () => {
    const store = new MemoryStore()
    open(store, { emittedTo: 0, doubtTo: 0 }).take(hop(0, 'a', 5), hop(1, 'a', null), hop(2, 'a', 6))
    const { take, task, dirty } = open(store, { applied: 3, emittedTo: 3, doubtTo: 3 })
    take(hop(1, 'a', null), hop(2, 'a', 6))
    expect(dirty()).toEqual([])
    // the tombstone would have taken the row away
    store.transaction(() => expect(task.root.stage.applyChildTombstone(0, '1', 'a')).toBe('changed'))
  })

  it('A14: what was applied and not emitted marks its documents again, and holds the low-water offset', () => {
    const store = new MemoryStore()
    open(store, { emittedTo: 0, doubtTo: 0 }).take(hop(0, 'a', 5), hop(1, 'b', 6))
    const { take, dirty, task, state } = open(store, { applied: 2, emittedTo: 1, doubtTo: 2 })
    expect(task.lowWater(state)).toBe(1n)
    take(hop(1, 'b', 6))
    expect(dirty().map(mark => mark.key)).toEqual(['1'])
    expect(task.lowWater(state)).toBe(1n)
    task.root.dirty.clear('1', 1)
    expect(task.lowWater(state)).toBe(2n)
  })

  it('A15: rebuilds silently up to what was emitted', () => {
    const { task, state, dirty } = open(new MemoryStore(), { emittedTo: 2, doubtTo: 3 })
    expect(task.rebuild(state, [hop(0, 'a', 5)], 1n)).toBe(true)
    // the part reaches beyond: what is not emitted yet is left to the consumer
    expect(task.rebuild(state, [hop(1, 'b', 6), hop(2, 'c', 7)], 3n)).toBe(false)
    expect([state.applied, state.consumed, dirty()]).toEqual([2n, 2n, []])
  })

  it('A15: until the end of the log at the assignment a no-op and an unknown tombstone are emitted all the same', () => {
    const { take, dirty } = open(new MemoryStore(), { emittedTo: 0, doubtTo: 1 })
    take(hop(0, 'gone', null))
    expect(dirty()).toMatchObject([{ key: '1', mayExist: true }])
    const later = open(new MemoryStore(), { emittedTo: 0, doubtTo: 0 })
    later.take(hop(0, 'gone', null))
    expect(later.dirty()).toEqual([])
  })

  it('A8: where nothing was ever emitted no tombstone is due', () => {
    const { take, dirty } = open(new MemoryStore(), { emittedTo: 0, doubtTo: 9 }, false)
    take(hop(0, 'a', 5))
    expect(dirty()).toMatchObject([{ key: '1', mayExist: false }])
  })
})

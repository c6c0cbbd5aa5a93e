import { describe, expect, it } from '@jest/globals'
import type { IncomingRecord, OutgoingRecord } from '@headrace/kafka'
import { MemoryStore } from '@headrace/store'
import { MarkerKind, Op, partitionOf } from '@headrace/wire'
import { TypedWriter } from '../testing/source-tables.ts'
import { testFolder } from '../testing/test-folder.ts'
import { treeFiles } from '../testing/tree-folder.ts'
import { type BroadcastState, BroadcastTask } from './broadcast-task.ts'
import { MOST_KEPT } from './dirty-documents.ts'
import { Doubt } from './doubt.ts'
import { type GroupInputState, GroupTask } from './group-task.ts'
import { viewInputs } from './view-inputs.ts'

const { pipeline } = testFolder('broadcast-task', 2, treeFiles)
const view = viewInputs(pipeline, pipeline.views.get('trees')!)
const owners = view.broadcasts.find(({ topic }) => topic.endsWith('owner'))!
const parents = new TypedWriter(pipeline, 'parent')
const owner = new TypedWriter(pipeline, 'owner')

/** Keys of owners that come by partition 0 and by partition 1. */
const [mine, other] = [0, 1].map(partition =>
  String([1, 2, 3, 4, 5, 6, 7, 8].find(id => partitionOf(String(id), 2) === partition)),
) as [string, string]

const at = (offset: number, { key, value }: OutgoingRecord): IncomingRecord => ({
  offset: BigInt(offset),
  key,
  value,
  timestamp: 0,
})
const marker = (lsn: bigint): OutgoingRecord => owner.markers(MarkerKind.SWEEP, lsn)[0]!

interface Start {
  readonly emittedTo?: number
  readonly applied?: readonly [number, number]
}

/** One document per owner refers to it. */
const open = (store: MemoryStore, { emittedTo = 0, applied = [0, 0] }: Start = {}) => {
  const root: GroupInputState = {
    number: 0,
    input: view.topics[0]!,
    emittedTo: 0n,
    doubt: new Doubt(0n),
    applied: 0n,
    consumed: 0n,
  }
  const group = new GroupTask(view, store, [root], true)
  const states = applied.map((next, partition): BroadcastState => ({
    number: view.topics.length + partition,
    input: owners,
    partition,
    emittedTo: BigInt(emittedTo),
    doubt: new Doubt(100n),
    applied: BigInt(next),
  })) as [BroadcastState, BroadcastState]
  store.transaction(() => {
    const rows = [mine, other].map((id, offset) =>
      at(offset, parents.record(Op.UPDATE, id, { owner_id: id }, BigInt(offset + 1))),
    )
    group.take(root, rows, 2n, 0, new Map())
    group.flush()
  })
  const task = new BroadcastTask([owners], store, group, states)
  const take = (partition: 0 | 1, ...records: readonly IncomingRecord[]): void =>
    task.take(states[partition], records, records[records.length - 1]!.offset + 1n)
  /** All that markers remove. */
  const sweep = (): void => {
    while (task.isSweeping) task.sweep(1)
  }
  const shown = (id: string): unknown => {
    const assembled = group.root.stage.assemble(id)
    if (assembled.kind !== 'document') return assembled.kind
    return (JSON.parse(assembled.source.toString()) as { owner: unknown }).owner
  }
  return { task, group, states, take, sweep, shown }
}

describe('BroadcastTask (05 A3, A10b)', () => {
  it('a sweep takes only rows that come by its own partition: others may still be loaded at its very position', () => {
    const { take, sweep, shown } = open(new MemoryStore())
    take(0, at(0, owner.record(Op.UPDATE, mine, { name: 'old' }, 5n)))
    take(1, at(0, owner.record(Op.UPDATE, other, { name: 'old' }, 5n)))
    // the load: the first row of all has the marker's position
    take(0, at(1, marker(9n)))
    sweep()
    expect([shown(mine), shown(other)]).toEqual([null, { id: Number(other), name: 'old' }])
    take(1, at(1, owner.record(Op.UPDATE, other, { name: 'new' }, 9n)), at(2, marker(9n)))
    sweep()
    expect(shown(other)).toEqual({ id: Number(other), name: 'new' })
  })

  it('a marker that is known raises no position of what an earlier record has to mark', () => {
    const store = new MemoryStore()
    const records = [
      at(0, owner.record(Op.UPDATE, mine, { name: 'a' }, 5n)),
      at(1, owner.record(Op.DELETE, mine, {}, 6n)),
      at(2, marker(9n)),
    ]
    const before = open(store)
    before.take(0, ...records)
    before.take(1, at(0, marker(9n)))
    before.sweep()
    // a successor finds all of it in its store; the documents behind it were not emitted
    const { task, states, take, sweep } = open(store, { emittedTo: 0, applied: [3, 1] })
    take(0, ...records)
    take(1, at(0, marker(9n)))
    sweep()
    expect(states.map(state => task.lowWater(state))).toEqual([0n, 1n])
    task.fanOut(1000, 0)
    expect(states.map(state => task.lowWater(state))).toEqual([0n, 1n])
  })

  it('a marker holds its position until its rows are removed; a store that was left before that removes them', async () => {
    const store = new MemoryStore()
    const { task, group, states, take, sweep, shown } = open(store)
    const { dirty } = group.root
    const emit = (): void => {
      while (task.hasPending) task.fanOut(10, 0)
      for (const { key, sequence } of dirty.due(0, { idleMs: 0, maxMs: 0, limit: 10 }))
        dirty.clear(key, sequence)
    }
    take(0, at(0, owner.record(Op.UPDATE, mine, { name: 'a' }, 5n)))
    emit()
    take(0, at(1, marker(9n)))
    const name = { id: Number(mine), name: 'a' }
    expect([shown(mine), task.isSweeping, task.lowWater(states[0])]).toEqual([name, true, 1n])
    // another process has gone on from behind the marker
    const later = open(store, { emittedTo: 2, applied: [2, 0] })
    await later.task.finishSweeps(new AbortController().signal)
    expect([later.shown(mine), later.task.hasPending]).toEqual([null, false])
    sweep()
    expect([task.isSweeping, task.hasPending, task.lowWater(states[0])]).toEqual([false, true, 1n])
    emit()
    expect(task.lowWater(states[0])).toBe(2n)
  })

  it('a row is looked through in steps, and its position is held until the last', () => {
    const { task, states, take } = open(new MemoryStore())
    take(0, at(3, owner.record(Op.UPDATE, mine, { name: 'a' }, 5n)))
    expect([task.hasPending, task.lowWater(states[0])]).toEqual([true, 3n])
    // a newer version begins anew, at its own position
    take(0, at(7, owner.record(Op.UPDATE, mine, { name: 'b' }, 6n)))
    expect(task.lowWater(states[0])).toBe(7n)
    expect(task.fanOut(1, 0)).toBe(true)
    expect(task.fanOut(1, 0)).toBe(false)
    // now the dirty document holds it
    expect(task.lowWater(states[0])).toBe(7n)
  })

  it('A11b: nothing more is marked while more documents are dirty than may be kept', () => {
    const { task, group, take } = open(new MemoryStore())
    const { dirty } = group.root
    const cause = { input: 0, offset: 0n, mayExist: false, commitTimeUs: 0n, position: undefined }
    for (let n = 0; n <= MOST_KEPT; n++) dirty.mark(`kept ${n}`, cause, 0)
    take(0, at(3, owner.record(Op.UPDATE, mine, { name: 'a' }, 5n)))
    const before = dirty.size
    expect([task.fanOut(1000, 0), dirty.size]).toEqual([true, before])
    for (let n = 0; dirty.size > MOST_KEPT; n++) dirty.clear(`kept ${n}`, 1)
    expect([task.fanOut(1000, 0), task.hasPending]).toEqual([false, false])
  })
})

import { describe, expect, it } from '@jest/globals'
import type { IncomingRecord, OutgoingRecord } from '@headrace/kafka'
import { MemoryStore } from '@headrace/store'
import { MarkerKind, Op, parseHopKey } from '@headrace/wire'
import { TypedWriter } from '../testing/source-tables.ts'
import { testFolder } from '../testing/test-folder.ts'
import { MOST_KEPT } from './dirty-documents.ts'
import { Doubt } from './doubt.ts'
import { EmissionBudget } from './emission-budget.ts'
import { type GroupInputState, GroupTask } from './group-task.ts'
import { RouterTask } from './router-task.ts'
import { viewInputs } from './view-inputs.ts'

const { pipeline } = testFolder('sweeps', 1)
const view = viewInputs(pipeline, pipeline.views.get('parents')!)
const parent = new TypedWriter(pipeline, 'parent')
const child = new TypedWriter(pipeline, 'child')
const IDS = ['1', '2', '3', '4', '5', '6', '7']
const TRUNCATE = 100n
const position = { epoch: 1, commitLsn: TRUNCATE, ordinal: 0 }

const at = (offset: number, { key, value }: OutgoingRecord): IncomingRecord => ({
  offset: BigInt(offset),
  key,
  value,
  timestamp: 0,
})
const rows = (writer: TypedWriter, texts: Readonly<Record<string, string>>): IncomingRecord[] =>
  IDS.map((id, offset) => at(offset, writer.record(Op.UPDATE, id, texts, BigInt(offset + 1))))
const truncate = (writer: TypedWriter): IncomingRecord =>
  at(IDS.length, writer.markers(MarkerKind.TRUNCATE, TRUNCATE)[0]!)

describe('a marker removes children in parts (05 A10b)', () => {
  const open = (store: MemoryStore) => {
    const task = new RouterTask(view.routers[0]!, store, 0, 1)
    const take = (...records: readonly IncomingRecord[]): void =>
      records.forEach(record => task.take(record, '', []))
    /** As after a Kafka transaction. */
    const flush = (): void => store.transaction(() => task.edge.index.flush())
    /** Children that a turn takes away from their parents. */
    const turn = (limit: number, budget = new EmissionBudget(() => 0)): readonly string[] => {
      const into: OutgoingRecord[] = []
      task.sweep(limit, into, budget)
      return into
        .filter(({ topic, value }) => topic === view.edges[0]!.hopTopic && value === null)
        .map(({ key }) => parseHopKey(key!.toString()).childKey)
    }
    return { task, take, flush, turn }
  }

  const loaded = (store: MemoryStore): ReturnType<typeof open> => {
    const opened = open(store)
    opened.take(...rows(child, { parent_id: '1' }))
    opened.flush()
    return opened
  }

  it('a few per turn, but not those that are newer', () => {
    const { task, take, flush, turn } = loaded(new MemoryStore())
    take(truncate(child), at(8, child.record(Op.UPDATE, '5', { parent_id: '2' }, TRUNCATE + 1n)))
    expect(task.sweeping).toEqual(position)
    const turns: (readonly string[])[] = []
    while (task.sweeping !== undefined) {
      turns.push(turn(3))
      flush()
    }
    expect(turns).toEqual([['1', '2', '3'], ['4', '6'], ['7']])
    expect(turn(3)).toEqual([])
  })

  it('goes on after a kill where its output was committed', () => {
    const store = new MemoryStore()
    const before = loaded(store)
    before.take(truncate(child))
    expect(before.turn(3)).toEqual(['1', '2', '3'])
    before.flush()
    expect(before.turn(3)).toEqual(['4', '5', '6'])
    const after = open(store)
    after.task.sweepFrom(position)
    expect(after.turn(100)).toEqual(['4', '5', '6', '7'])
    expect(after.task.sweeping).toBeUndefined()
  })

  it('takes children of the very turn with it, which are not in the store yet', () => {
    const { task, take, turn } = open(new MemoryStore())
    take(...rows(child, { parent_id: '1' }), truncate(child))
    expect(turn(100)).toEqual([])
    expect(task.sweeping).toBeUndefined()
    expect(IDS.map(id => task.edge.index.get(id)?.deleted)).toEqual(IDS.map(() => true))
  })

  it('ends where the budget of the turn is spent (05 A11b)', () => {
    const { task, take, turn } = loaded(new MemoryStore())
    take(truncate(child))
    let looks = 0
    const budget = new EmissionBudget(() => (looks++ < 3 ? 0 : 2000))
    expect(turn(100, budget)).toEqual(['1', '2'])
    expect(task.sweeping).toEqual(position)
    expect(turn(100)).toEqual(['3', '4', '5', '6', '7'])
  })
})

describe('a marker removes rows in parts (05 A10b)', () => {
  const signal = new AbortController().signal
  const open = (store: MemoryStore, { applied = 0, emittedTo = 0 } = {}) => {
    const doubt = new Doubt(0n)
    doubt.read(0n, 0n)
    const state: GroupInputState = {
      number: 0,
      input: view.topics[0]!,
      emittedTo: BigInt(emittedTo),
      doubt,
      applied: BigInt(applied),
      consumed: BigInt(emittedTo),
    }
    const task = new GroupTask(view, store, [state], true)
    const take = (...records: readonly IncomingRecord[]): void =>
      store.transaction(() =>
        task.take(state, records, records[records.length - 1]!.offset + 1n, 0, new Map()),
      )
    const { dirty } = task.root
    /** The documents that are dirty are emitted. */
    const emit = (): readonly string[] => {
      const due = dirty.due(0, { idleMs: 0, maxMs: 0, limit: Infinity })
      for (const { key, sequence } of due) dirty.clear(key, sequence)
      return due.map(({ key }) => key)
    }
    const standing = (): readonly string[] =>
      IDS.filter(id => task.root.stage.assemble(id).kind === 'document')
    return { task, state, take, emit, standing }
  }

  it('a few per turn, and the position is held at it until the last is emitted', () => {
    const { task, state, take, emit, standing } = open(new MemoryStore())
    take(...rows(parent, { title: 'a' }))
    emit()
    take(truncate(parent), at(8, parent.record(Op.UPDATE, '5', { title: 'b' }, TRUNCATE + 1n)))
    const turns: unknown[] = []
    emit()
    while (task.isSweeping) {
      task.sweep(3, 0)
      turns.push([emit(), task.lowWater(state)])
    }
    expect(turns).toEqual([
      [['1', '2', '3'], 7n],
      [['4', '6'], 7n],
      [['7'], 9n],
    ])
    expect(standing()).toEqual(['5'])
  })

  it('a successor on the same disk removes the rest silently, and emits whatever is not there', async () => {
    const store = new MemoryStore()
    const before = open(store)
    before.take(...rows(parent, { title: 'a' }), truncate(parent))
    before.task.sweep(3, 0)
    expect(before.standing()).toEqual(['4', '5', '6', '7'])
    const { task, take, emit, standing } = open(store, { applied: 8, emittedTo: 7 })
    await task.finishSweeps(signal)
    expect([standing(), emit()]).toEqual([[], []])
    take(truncate(parent))
    while (task.isSweeping) task.sweep(3, 0)
    expect(emit()).toEqual(IDS)
  })

  it('a store that comes back after another one has finished misses nothing', async () => {
    const store = new MemoryStore()
    const before = open(store)
    before.take(...rows(parent, { title: 'a' }), truncate(parent))
    before.task.sweep(3, 0)
    const { task, emit, standing } = open(store, { applied: 8, emittedTo: 8 })
    await task.finishSweeps(signal)
    expect([standing(), emit(), task.isSweeping]).toEqual([[], [], false])
  })

  it('rebuilt silently it is in the store before anything is emitted', async () => {
    const { task, state, standing } = open(new MemoryStore(), { emittedTo: 8 })
    task.rebuild(state, [...rows(parent, { title: 'a' }), truncate(parent)], 8n)
    await task.finishSweeps(signal)
    expect([standing(), task.isSweeping, task.dirtyCount]).toEqual([[], false, 0])
  })

  it('not while more documents are dirty than may be kept (05 A11b)', () => {
    const { task, take, standing } = open(new MemoryStore())
    take(...rows(parent, { title: 'a' }), truncate(parent))
    const cause = { input: 0, offset: 0n, mayExist: false, commitTimeUs: 0n, position: undefined }
    for (let n = 0; n <= MOST_KEPT; n++) task.root.dirty.mark(`kept ${n}`, cause, 0)
    task.sweep(100, 0)
    expect([standing(), task.isSweeping]).toEqual([IDS, true])
  })
})

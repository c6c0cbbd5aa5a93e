import { describe, expect, it } from '@jest/globals'
import type { TransactionWork } from '@headrace/kafka'
import { MemoryStore, type RangeOptions, type StoreEntry } from '@headrace/store'
import { silent } from '../testing/simulated-service.ts'
import { testFolder } from '../testing/test-folder.ts'
import { treeFiles } from '../testing/tree-folder.ts'
import { BroadcastFeed } from './broadcast-feed.ts'
import { BroadcastTask } from './broadcast-task.ts'
import { CompleteAsOf } from './complete-as-of.ts'
import { EdgeWriter } from './edge-writer.ts'
import { GroupTask } from './group-task.ts'
import { PartitionTask } from './partition-task.ts'
import { TurnLoop } from './turn.ts'
import { viewInputs } from './view-inputs.ts'

const PARTITIONS = 3
const { pipeline } = testFolder('turn', PARTITIONS, treeFiles)
const view = viewInputs(pipeline, [...pipeline.views.values()][0]!)
const ASSEMBLY_MS = 400

/** Turns over tasks whose every document takes long to assemble, by a clock that nothing else moves. */
class SlowTurns {
  readonly tasks: readonly PartitionTask[]
  clock = 0
  /** By turn, how long it took and the documents that it handed over, by partition. */
  readonly turns: { readonly ms: number; readonly documents: readonly string[] }[] = []
  private readonly loop: TurnLoop
  private written: readonly string[] = []

  constructor() {
    this.tasks = Array.from({ length: PARTITIONS }, (_, partition) => this.task(partition))
    const membership = { groupId: '', memberId: '', generationId: 1, assignment: {} }
    const reader = { follow: () => undefined, stop: () => Promise.resolve() }
    this.loop = new TurnLoop(
      {
        view: 'trees',
        consumer: { poll: () => Promise.resolve([]) },
        writer: { write: work => this.write(work) },
        feed: new BroadcastFeed(reader as never, []),
        maxRecords: 1000,
        emitIdleMs: 0,
        emitMaxMs: 0,
        events: silent,
        failpoint: () => undefined,
        now: () => this.clock,
      },
      this.tasks,
      { membership, ended: new AbortController().signal },
    )
  }

  /** Makes documents of a partition's stage dirty, the view's when none is named. */
  mark(partition: number, count: number, stage = view.groups.length - 1): void {
    const { dirty } = this.tasks[partition]!.group.stages[stage]!
    const cause = { input: 0, mayExist: true, commitTimeUs: 0n, position: undefined }
    for (let n = 0; n < count; n++)
      dirty.mark(`${partition}.${n}`, { ...cause, offset: BigInt(n) }, this.clock)
  }

  get left(): number {
    return this.tasks.reduce((sum, { group }) => sum + group.dirtyCount, 0)
  }

  async turn(): Promise<void> {
    const began = this.clock
    this.written = []
    await this.loop.turn(new AbortController().signal)
    this.turns.push({ ms: this.clock - began, documents: this.written })
  }

  private write({ records = [] }: TransactionWork): Promise<void> {
    this.written = records.map(({ key }) => String(key))
    return Promise.resolve()
  }

  private task(partition: number): PartitionTask {
    const store = new SlowStore(() => (this.clock += ASSEMBLY_MS))
    const group = new GroupTask(view, store, [], true)
    return new PartitionTask({
      partition,
      store,
      group,
      broadcasts: new BroadcastTask([], store, group, []),
      edges: view.edges.map(input => new EdgeWriter(input, store, partition, PARTITIONS)),
      topics: [],
      target: { topic: view.documentTopic, partition, dead: view.dead },
      making: '',
      isFromTheStart: false,
      completeAsOf: new CompleteAsOf({ view, partition, store, committed: undefined, now: () => 0 }),
    })
  }
}

class SlowStore extends MemoryStore {
  private readonly pass: () => void

  constructor(pass: () => void) {
    super()
    this.pass = pass
  }

  override *range(prefix: Buffer, options?: RangeOptions): Iterable<StoreEntry> {
    this.pass()
    yield* super.range(prefix, options)
  }
}

describe('a turn (05 A11b)', () => {
  it('ends its emissions when its time is spent, and the next ones hand over the rest', async () => {
    const slow = new SlowTurns()
    slow.mark(0, 40)
    while (slow.left > 0) await slow.turn()
    const whole = Array.from({ length: 13 }, () => 3 * ASSEMBLY_MS)
    expect(slow.turns.map(({ ms }) => ms)).toEqual([...whole, ASSEMBLY_MS])
    expect(new Set(slow.turns.flatMap(({ documents }) => documents)).size).toBe(40)
  })

  it('begins with the partition and the stage after the one that was cut', async () => {
    const slow = new SlowTurns()
    slow.mark(0, 40)
    slow.mark(0, 40, 0)
    slow.mark(1, 1)
    slow.mark(2, 40)
    for (let turns = 0; turns < 4; turns++) await slow.turn()
    const seen = slow.turns.flatMap(({ documents }) => documents)
    for (const partition of ['0', '1', '2'])
      expect({ partition, isSeen: seen.some(key => key.startsWith(partition)) }).toEqual({
        partition,
        isSeen: true,
      })
  })
})

import { describe, expect, it } from '@jest/globals'
import type { Membership, OutgoingRecord } from '@headrace/kafka'
import { MemoryStore } from '@headrace/store'
import { seededRandom } from '@headrace/testkit'
import { Op } from '@headrace/wire'
import { MemoryKafka } from '../testing/memory-kafka.ts'
import { silent } from '../testing/simulated-service.ts'
import { TypedWriter } from '../testing/source-tables.ts'
import { testFolder } from '../testing/test-folder.ts'
import { EndsWatch } from './log-ends.ts'
import { type OpenedTask, openTasks } from './open-tasks.ts'
import type { PartitionTask } from './partition-task.ts'
import { viewInputs } from './view-inputs.ts'

const DAY_MS = 86_400_000
const { pipeline } = testFolder('complete-as-of', 1)
const view = viewInputs(pipeline, pipeline.views.get('parents')!)
const parents = new TypedWriter(pipeline, 'parent')

/** Stays when its process is gone. */
class DiskStore extends MemoryStore {
  override close(): Promise<void> {
    return Promise.resolve()
  }
}

/** One partition over days: what an instance finds on its disk and in Kafka when it opens the partition. */
class Days {
  today = 0
  private readonly kafka = new MemoryKafka(seededRandom())
  private readonly disks = new Map<string, DiskStore>()
  private readonly watches = new Map<PartitionTask, EndsWatch>()
  private lsn = 0n
  private readonly now = (): number => 1_000_000_000 + this.today * DAY_MS

  write(count: number): void {
    this.kafka.now = this.now()
    const record = (): OutgoingRecord =>
      parents.record(Op.UPDATE, String(++this.lsn), { title: 'a' }, this.lsn)
    this.kafka.transact({ records: Array.from({ length: count }, record) })
  }

  /** Opens the partition from the disk of `instance`; the restore is cut off after so many parts. */
  async open(
    instance: string,
    parts = Infinity,
  ): Promise<{ readonly beginning: string; readonly opened: OpenedTask | undefined }> {
    const { kafka } = this
    const end = new AbortController()
    let beginning = ''
    const [opened] = await openTasks(
      {
        view,
        kafka: {
          admin: { clusterId: () => Promise.resolve('') },
          reader: options =>
            // only what restores counts, not what looks at the first record
            kafka.reader(() => (options === undefined && --parts < 0 ? end.abort() : undefined)),
        },
        consumer: kafka.consumer(),
        dataDir: '',
        events: { ...silent, storeOpened: (_view, _partition, what) => (beginning = what) },
        failpoint: () => undefined,
        openStore: () => {
          const store = this.disks.get(instance)
          if (store !== undefined) return { store, beginning: 'kept' }
          const made = new DiskStore()
          this.disks.set(instance, made)
          return { store: made, beginning: 'new' }
        },
        now: this.now,
      },
      this.membership,
      end.signal,
    )
    return { beginning, opened }
  }

  /** Takes what is waiting, up to so many records, and commits it as emitted. */
  async work({ task }: OpenedTask, limit = 1000): Promise<void> {
    let watch = this.watches.get(task)
    if (watch === undefined) {
      watch = new EndsWatch(view, () => this.kafka.reader(), [task], this.now)
      this.watches.set(task, watch)
    }
    await watch.look()
    const input = task.topics[0]!
    const { topic } = input.input
    const { records, next, end } = this.kafka.read(topic, 0, input.group!.consumed, limit)
    task.apply(
      [{ topic, partition: 0, records, next, endOffset: end, membership: this.membership }],
      0,
      new Map(),
    )
    const { dirty } = task.group.root
    for (const { key, sequence } of dirty.due(0, { idleMs: 0, maxMs: 0, limit })) dirty.clear(key, sequence)
    const offsets = task.offsets(false)
    this.kafka.transact({ records: [], from: { membership: this.membership, offsets } })
    task.committed(offsets)
  }

  /** A row that is written twice: compaction removes the first record. */
  writeTwice(): void {
    const { lsn } = this
    this.write(1)
    this.lsn = lsn
    this.write(1)
    while (this.kafka.compact() === 0);
  }

  /** A delete that the log has forgotten: nothing that can be read is left of it. */
  deleteForgotten(): void {
    this.kafka.transact({ records: [parents.tombstone('1')] })
    this.kafka.forgetTombstones()
  }

  commitAsOlderRelease(): void {
    const { topic } = view.topics[0]!
    const offsets = [{ topic, partition: 0, next: 3n, metadata: '' }]
    this.kafka.transact({ records: [], from: { membership: this.membership, offsets } })
  }

  private readonly membership: Membership = {
    groupId: '',
    memberId: '',
    generationId: 0,
    assignment: { [view.topics[0]!.topic]: [0] },
  }
}

const opened = (beginning: string) => ({ beginning, opened: expect.anything() as unknown })
const cutOff = (beginning: string) => ({ beginning, opened: undefined })

describe('the time as of which a partition is complete (05 A15)', () => {
  it('a store whose restores were all cut off is as old as what was read to the end before them', async () => {
    const days = new Days()
    days.write(50)
    await days.work((await days.open('a')).opened!)
    days.write(500)
    days.today = 4
    await days.work((await days.open('b')).opened!)
    // the partition comes back to the first instance, again and again, never for long enough
    for (days.today = 5; days.today < 6; days.today += 0.25)
      expect(await days.open('a', 0)).toEqual(cutOff('kept'))
    days.today = 6.1
    expect(await days.open('a', 0)).toEqual(cutOff('age'))
    expect(await days.open('a')).toEqual(opened('kept'))
  })

  it('a store that is new is complete as of its beginning, however often its first restore is cut off', async () => {
    const days = new Days()
    days.write(500)
    await days.work((await days.open('a')).opened!)
    days.today = 1
    expect(await days.open('b', 0)).toEqual(cutOff('new'))
    days.today = 5
    await days.work((await days.open('a')).opened!)
    days.today = 6.9
    expect(await days.open('b', 0)).toEqual(cutOff('kept'))
    days.today = 7.1
    expect(await days.open('b', 0)).toEqual(cutOff('age'))
    days.today = 7.2
    expect(await days.open('b', 0)).toEqual(cutOff('kept'))
  })

  it('goes with the days while all that is in the logs is read, busy or idle', async () => {
    const days = new Days()
    const { opened: task } = await days.open('a')
    for (; days.today < 20; days.today++) {
      if (days.today < 10) days.write(3)
      await days.work(task!)
    }
    days.today = 24
    expect(await days.open('a')).toEqual(opened('kept'))
    expect(await days.open('b')).toEqual(opened('new'))
  })

  it('stands still while the end of a log that was seen is not reached', async () => {
    const days = new Days()
    days.write(100)
    const { opened: task } = await days.open('a')
    for (; days.today < 6; days.today++) await days.work(task!, 5)
    days.today = 6.1
    expect(await days.open('a')).toEqual(opened('age'))
    days.today = 7.1
    await expect(days.open('a')).rejects.toMatchObject({ code: 'aggregate.past_unknown' })
    await expect(days.work(task!)).rejects.toMatchObject({ code: 'aggregate.past_unknown' })
  })

  it('of documents does not matter where nothing was written meanwhile, or only of late', async () => {
    const days = new Days()
    days.write(3)
    await days.work((await days.open('a')).opened!)
    days.today = 30
    expect(await days.open('a')).toEqual(opened('age'))
    days.write(3)
    days.today = 36
    const { opened: task } = await days.open('b')
    days.today = 36.5
    await days.work(task!)
    days.today = 42
    expect(await days.open('b')).toEqual(opened('kept'))
  })

  it.each([
    ['was written long ago', (days: Days) => days.write(1)],
    [
      'may have been removed',
      (days: Days) => {
        days.today = 29
        days.writeTwice()
      },
    ],
    ['was there and nothing can be read any more', (days: Days) => days.deleteForgotten()],
  ])('of documents matters where something %s', async (_, write) => {
    const days = new Days()
    days.write(3)
    await days.work((await days.open('a')).opened!)
    days.today = 10
    write(days)
    days.today = 30
    await expect(days.open('a')).rejects.toMatchObject({ code: 'aggregate.past_unknown' })
  })

  it('is not known of positions that an older release has committed, until the end is reached', async () => {
    const days = new Days()
    days.write(10)
    days.commitAsOlderRelease()
    days.today = 30
    await days.work((await days.open('b')).opened!)
    days.write(1)
    days.today = 38
    await expect(days.open('b')).rejects.toMatchObject({ code: 'aggregate.past_unknown' })
  })
})

import type { Membership, TransactionWork } from '@headrace/kafka'
import { HeadraceError } from '@headrace/errors'
import { MemoryStore, type OpenedStore, type StoreIdentity } from '@headrace/store'
import type { Random } from '@headrace/testkit'
import type { Events } from '../events.ts'
import { BroadcastFeed } from '../steps/broadcast-feed.ts'
import { type OpenedTask, openTasks } from '../steps/open-tasks.ts'
import { broadcastStarts } from '../steps/restore-broadcasts.ts'
import { TurnLoop } from '../steps/turn.ts'
import type { ViewInputs } from '../steps/view-inputs.ts'
import type { MemoryKafka } from './memory-kafka.ts'

/** The process was killed. */
export class Killed extends Error {}

const nothing = (): void => undefined

export const silent: Events = {
  assigned: nothing,
  storeOpened: nothing,
  restored: nothing,
  fenced: nothing,
  sessionLost: nothing,
  worked: nothing,
  committed: nothing,
  watch: () => nothing,
}

/** Stays when its process is gone. */
class DiskStore extends MemoryStore {
  private readonly around: (name: string) => void

  constructor(around: (name: string) => void) {
    super()
    this.around = around
  }

  override transaction<T>(work: () => T): T {
    this.around('store.before_commit')
    const result = super.transaction(work)
    this.around('store.after_commit')
    return result
  }

  override close(): Promise<void> {
    return Promise.resolve()
  }
}

interface Work {
  readonly membership: Membership
  readonly opened: readonly OpenedTask[]
  readonly feed: BroadcastFeed
  readonly loop: TurnLoop
  readonly end: AbortController
}

/** Lets what waits for nothing but its turn go on. */
const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/**
 * One aggregator of a view: its disk, and what it does in a generation. Killed at any window by `armed`; `meanwhile` is what
 * others do between two parts that it restores.
 */
export class SimulatedInstance {
  isAsleep = false
  isUp = false
  private readonly view: ViewInputs
  private readonly kafka: MemoryKafka
  private readonly random: Random
  private readonly now: () => number
  private readonly hits: Map<string, number>
  private readonly meanwhile: () => void
  private disk = new Map<string, { identity: string; store: DiskStore }>()
  private work: Work | undefined
  private armed = { window: '', left: 0 }
  private readonly partsUntilRevoked = { left: 0, revoke: nothing }

  constructor(
    view: ViewInputs,
    kafka: MemoryKafka,
    random: Random,
    now: () => number,
    hits: Map<string, number>,
    meanwhile: () => void,
  ) {
    this.view = view
    this.kafka = kafka
    this.random = random
    this.now = now
    this.hits = hits
    this.meanwhile = meanwhile
  }

  /** The process dies when it comes to a window for the `count`-th time; to any window when none is named. */
  arm(window: string, count: number): void {
    this.armed = { window, left: count }
  }

  disarm(): void {
    this.armed.left = 0
  }

  loseDisk(): void {
    this.disk = new Map()
  }

  get isWorking(): boolean {
    return this.work !== undefined
  }

  /** Documents of all levels that are to be made, fan-outs and sweeps that are not done. */
  get pending(): number {
    return (this.work?.opened ?? []).reduce(
      (sum, { task }) =>
        sum + task.group.dirtyCount + (task.broadcasts.hasPending ? 1 : 0) + (task.isSweeping ? 1 : 0),
      0,
    )
  }

  /** A generation begins. False: it ended while state was restored, or the process died. */
  async assign(partitions: readonly number[], revokeAfterParts: number): Promise<boolean> {
    await this.leave()
    const { view, kafka } = this
    const end = new AbortController()
    const membership: Membership = {
      groupId: view.groupId,
      memberId: '',
      generationId: kafka.generation,
      assignment: Object.fromEntries(view.topics.map(({ topic }) => [topic, partitions])),
    }
    this.partsUntilRevoked.left = revokeAfterParts
    this.partsUntilRevoked.revoke = () => end.abort()
    const consumer = kafka.consumer()
    const reader = () => kafka.reader(() => this.readPart())
    try {
      const opened = await openTasks(
        {
          view,
          kafka: { admin: { clusterId: () => Promise.resolve('') }, reader },
          consumer,
          dataDir: '',
          events: silent,
          failpoint: name => this.window(name),
          openStore: ({ folder, identity }) => this.open(folder, identity),
        },
        membership,
        end.signal,
      )
      if (end.signal.aborted) return false
      for (const { task, starts } of opened)
        for (const { topic, next } of starts) consumer.startPartition(membership, topic, task.partition, next)
      const tasks = opened.map(({ task }) => task)
      const feed = new BroadcastFeed(kafka.reader(), broadcastStarts(tasks))
      const loop = new TurnLoop(
        {
          view: view.view,
          consumer,
          writer: { write: work => this.write(work) },
          feed,
          maxRecords: this.random.pick([3, 10, 1000]),
          step: this.random.pick([2, 20, 5000]),
          emitIdleMs: 50,
          emitMaxMs: 1000,
          events: silent,
          failpoint: name => this.window(name),
          now: this.now,
        },
        tasks,
        { membership, ended: end.signal },
      )
      this.work = { membership, opened, feed, loop, end }
      return true
    } catch (error) {
      return this.ended(error)
    }
  }

  async turn(): Promise<void> {
    if (this.work === undefined) return
    await settle()
    const { loop, end } = this.work
    try {
      await loop.turn(end.signal)
    } catch (error) {
      await this.ended(error)
    }
  }

  /** What it has in memory is gone. */
  async leave(): Promise<void> {
    const { work } = this
    this.work = undefined
    if (work === undefined) return
    work.end.abort()
    await work.feed.stop()
  }

  private async ended(error: unknown): Promise<false> {
    await this.leave()
    if (error instanceof Killed) {
      this.isUp = false
      this.isAsleep = false
      return false
    }
    if (error instanceof HeadraceError && error.code === 'kafka.fenced') {
      this.count('fenced')
      return false
    }
    throw error
  }

  private write(work: TransactionWork): Promise<void> {
    this.window('kafka.transaction_open')
    this.kafka.transact(work)
    this.window('kafka.answer_lost')
    return Promise.resolve()
  }

  private open(folder: string, identity: StoreIdentity): OpenedStore {
    const name = JSON.stringify(identity)
    const known = this.disk.get(folder)
    if (known?.identity === name) return { store: known.store, beginning: 'kept' }
    const store = new DiskStore(window => this.window(window))
    this.disk.set(folder, { identity: name, store })
    return { store, beginning: known === undefined ? 'new' : 'identity' }
  }

  private readPart(): void {
    this.window('reader.part')
    this.meanwhile()
    if (--this.partsUntilRevoked.left !== 0) return
    this.count('revoked while restoring')
    this.partsUntilRevoked.revoke()
  }

  private window(name: string): void {
    const { armed } = this
    if (armed.left === 0 || (armed.window !== '' && armed.window !== name) || --armed.left > 0) return
    this.count(name)
    throw new Killed()
  }

  private count(name: string): void {
    this.hits.set(name, (this.hits.get(name) ?? 0) + 1)
  }
}

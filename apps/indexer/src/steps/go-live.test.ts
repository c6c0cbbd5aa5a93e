import type { IndexBehind, ViewIndex } from '@headrace/elasticsearch'
import { HeadraceError } from '@headrace/errors'
import { describe, expect, it } from '@jest/globals'
import { keepLive } from './go-live.ts'
import { groupOf, offsetMark } from './index-session.ts'
import type { Loads } from './load-watch.ts'

/** One view with an alias, and indexers of two plans. */
class World {
  nowMs = 0
  holder = 'v-old-1'
  /** By plan. */
  readonly members = new Map([
    ['old', 1],
    ['new', 1],
  ])
  caughtUp = true
  /** Offset that the groups came to, where it is not the end. */
  at = 6n
  /** Offset that the index came to, where it is another one. */
  indexed: bigint | undefined
  /** Ends of all logs. */
  end = 7n
  loads: Loads = { missing: [], loads: 'first' }
  failure: Error | undefined
  /** Ends the id of an index. */
  making = ''
  remade = false
  isMarked = true
  readonly givenUp = new Set<string>()
  readonly told: string[] = []

  readonly #created: Readonly<Record<string, number>> = { old: 1, new: 2 }

  indexer(plan: 'old' | 'new') {
    const index = this.#index(plan)
    const live = keepLive({
      kafka: {
        admin: {
          committed: (_, topics) =>
            Promise.resolve(
              Object.keys(topics).map(topic => ({
                topic,
                partition: 0,
                next: (topic === 't' ? this.indexed : undefined) ?? (this.caughtUp ? this.end : this.at),
                metadata: offsetMark(index, 0),
              })),
            ),
          memberCount: group =>
            Promise.resolve([...this.members].find(([name]) => group === groupOf('p', 'v', name))?.[1] ?? 0),
        },
      },
      reader: {
        bounds: () => Promise.resolve({ start: 0n, end: this.end }),
        written: () => Promise.resolve(this.end),
      },
      indices: {
        find: name => {
          const { createdAtMs, uuid } = this.#index(name.split('-')[1]!)
          return Promise.resolve({ createdAtMs, uuid, outdated: this.givenUp.has(name) })
        },
        behind: () => {
          const holder = this.#index(this.holder.split('-')[1]!)
          const { name, createdAtMs, uuid } = holder
          const meta: IndexBehind = { pipeline: 'p', view: 'v', plan: name.split('-')[1]!, createdAtMs, uuid }
          return Promise.resolve(new Map([[name, meta]]))
        },
        goLive: (_, { name }) => {
          if (this.failure !== undefined) return Promise.reject(this.failure)
          this.holder = name
          return Promise.resolve()
        },
        count: () => Promise.resolve(1),
      },
      index,
      indexOptions: {
        mappings: {},
        settings: {},
        shards: 1,
        replicas: '0',
        refreshInterval: '1s',
        gcDeletes: '1d',
      },
      groupId: groupOf('p', 'v', plan),
      topic: 't',
      view: 'v',
      partitions: 1,
      incarnations: { 0: plan },
      loads: () => Promise.resolve(this.loads),
      validator: { groupId: 'p.validator' },
      aggregator: {
        groupId: 'p.aggregator',
        topics: ['in', 'hop'],
        rawTopics: ['raw'],
        broadcasts: [],
        hops: 1,
      },
      isSameTopic: () =>
        this.remade
          ? Promise.reject(new HeadraceError('indexer.topic_remade', 'remade'))
          : Promise.resolve(this.isMarked),
      events: {
        filling: (_, name, __, waitsFor) => this.told.push(`filling ${name}: ${waitsFor}`),
        wentLive: (_, name) => this.told.push(`live ${name}`),
        leftLive: (_, name) => this.told.push(`left to ${name}`),
        notYetLive: (_, error) => this.told.push(error),
      },
      now: () => this.nowMs,
    })
    return {
      look: async (afterMs = 0) => {
        this.nowMs += afterMs
        live.look()
        await new Promise(resolve => setImmediate(resolve))
        return this.holder
      },
    }
  }

  #index(plan: string): ViewIndex {
    const name = `v-${plan}-1`
    const createdAtMs = this.#created[plan]!
    return {
      name,
      createdAtMs,
      uuid: plan + this.making,
      writeAlias: `${name}-write`,
      created: false,
      live: false,
    }
  }
}

describe('the alias of a view', () => {
  it('moves to the newer index once that is caught up', async () => {
    const world = new World()
    const indexer = world.indexer('new')
    world.caughtUp = false
    expect(await indexer.look()).toBe('v-old-1')
    world.caughtUp = true
    expect(await indexer.look(2_000)).toBe('v-new-1')
    expect(world.told).toEqual([
      'filling v-new-1: the group p.validator, to take what is in raw',
      'live v-new-1',
    ])
  })

  it('does not move while tables are being loaded: what is caught up with is not all', async () => {
    const world = new World()
    const indexer = world.indexer('new')
    world.loads = { missing: ['public.image'], loads: 'first' }
    expect(await indexer.look()).toBe('v-old-1')
    expect(await indexer.look(2_000)).toBe('v-old-1')
    expect(world.told).toEqual(['filling v-new-1: the load of public.image'])
    world.loads = { missing: [], loads: 'first' }
    expect(await indexer.look(2_000)).toBe('v-new-1')
  })

  it('waits for the rows of a load that nobody saw, because it was over by the next look', async () => {
    const world = new World()
    const indexer = world.indexer('new')
    world.caughtUp = false
    expect(await indexer.look()).toBe('v-old-1')
    // all that there was before is taken, nothing of what was loaded again
    world.loads = { missing: [], loads: 'second' }
    world.at = 7n
    world.end = 9n
    expect(await indexer.look(2_000)).toBe('v-old-1')
    world.at = 9n
    expect(await indexer.look(2_000)).toBe('v-new-1')
  })

  it('waits for the documents of such a load too, when those of before are indexed meanwhile', async () => {
    const world = new World()
    const indexer = world.indexer('new')
    world.indexed = 6n
    expect(await indexer.look()).toBe('v-old-1')
    world.loads = { missing: [], loads: 'second' }
    world.end = 9n
    world.indexed = 7n
    expect(await indexer.look(2_000)).toBe('v-old-1')
    world.indexed = 9n
    expect(await indexer.look(2_000)).toBe('v-new-1')
  })

  it('is not taken back by an old indexer that restarts while the newer one runs', async () => {
    const world = new World()
    world.holder = 'v-new-1'
    const old = world.indexer('old')
    expect(await old.look()).toBe('v-new-1')
    expect(await old.look(30_000)).toBe('v-new-1')
    expect(world.told).toEqual(['left to v-new-1'])
  })

  it('goes back to the older index when nobody keeps the newer one in step', async () => {
    const world = new World()
    world.holder = 'v-new-1'
    const old = world.indexer('old')
    expect(await old.look()).toBe('v-new-1')
    world.members.set('new', 0)
    expect(await old.look(30_000)).toBe('v-old-1')
  })

  it('is looked after by the live index: what took it in between does not keep it', async () => {
    const world = new World()
    const indexer = world.indexer('new')
    expect(await indexer.look()).toBe('v-new-1')
    world.holder = 'v-old-1'
    expect(await indexer.look(29_999)).toBe('v-old-1')
    expect(await indexer.look(1)).toBe('v-new-1')
  })

  it('ends the session when the index itself is gone, and waits for everything else', async () => {
    const world = new World()
    const indexer = world.indexer('new')
    world.failure = new HeadraceError('elasticsearch.unreachable', 'away')
    await indexer.look()
    expect(world.told).toEqual(['away'])
    world.failure = new HeadraceError('elasticsearch.index_missing', 'gone')
    await indexer.look(2_000)
    await expect(indexer.look()).rejects.toMatchObject({ code: 'elasticsearch.index_missing' })
  })

  it('ends the session when another index has the name: it was removed, and made by another process', async () => {
    const world = new World()
    world.holder = 'v-new-1'
    const indexer = world.indexer('new')
    await indexer.look()
    world.making = ' again'
    await indexer.look(30_000)
    await expect(indexer.look()).rejects.toMatchObject({ code: 'elasticsearch.index_missing' })
  })

  it('ends the session when another indexer gave the index up, live or not', async () => {
    const world = new World()
    for (const plan of ['old', 'new'] as const) {
      const indexer = world.indexer(plan)
      await indexer.look()
      world.givenUp.add(`v-${plan}-1`)
      await indexer.look(30_000)
      await expect(indexer.look()).rejects.toMatchObject({ code: 'indexer.index_outdated' })
    }
  })

  it('ends the session when the topic was made anew, though nothing of it shows', async () => {
    const world = new World()
    const indexer = world.indexer('new')
    await indexer.look()
    world.remade = true
    await indexer.look(30_000)
    await expect(indexer.look()).rejects.toMatchObject({ code: 'indexer.topic_remade' })
  })

  it('waits while the topic is not marked', async () => {
    const world = new World()
    world.isMarked = false
    const indexer = world.indexer('new')
    expect(await indexer.look()).toBe('v-old-1')
    world.isMarked = true
    expect(await indexer.look(2_000)).toBe('v-new-1')
  })

  it('does not come back to an index that nobody has fed since', async () => {
    const world = new World()
    const old = world.indexer('old')
    await old.look()
    world.holder = 'v-new-1'
    await old.look(30_000)
    world.caughtUp = false
    world.members.set('new', 0)
    expect(await old.look(30_000)).toBe('v-new-1')
    world.caughtUp = true
    expect(await old.look(30_000)).toBe('v-old-1')
  })
})

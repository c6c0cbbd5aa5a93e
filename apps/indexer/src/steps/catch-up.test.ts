import { describe, expect, it } from '@jest/globals'
import { encodeOffsetMetadata } from '@headrace/pipeline'
import { CatchUp, type CatchUpServers, consumed, workedIn } from './catch-up.ts'

/** Logs whose transactions are committed and wait for their markers: what is written counts. */
const UNSTABLE = Promise.resolve({ start: 0n, end: 0n })

/** Two topics of one partition each, what a group consumed of them, and what an index has of a third. */
const world = (stages: readonly ('group' | 'index')[]) => {
  const ends: Record<string, bigint> = { in: 5n, hop: 2n, documents: 3n }
  const positions: Record<string, bigint | null> = { in: 5n, hop: 2n, documents: 3n }
  const looks = { asked: 0 }
  const servers: CatchUpServers = {
    partitions: 1,
    reader: { bounds: () => UNSTABLE, written: topic => Promise.resolve(ends[topic]!) },
    admin: {
      committed: (_, topics) => {
        looks.asked++
        return Promise.resolve(
          Object.keys(topics).map(topic => ({
            topic,
            partition: 0,
            next: positions[topic] ?? null,
            metadata: '',
          })),
        )
      },
    },
  }
  const catchUp = new CatchUp(
    servers,
    stages.map(stage => consumed(servers, stage, stage === 'group' ? ['in', 'hop'] : ['documents'])),
  )
  return { ends, positions, looks, catchUp }
}

describe('catching up', () => {
  it('is over where everything is consumed, and stays over', async () => {
    const { ends, looks, catchUp } = world(['group', 'group', 'index'])
    expect(await catchUp.isOver()).toBe(true)
    expect(looks.asked).toBe(5)
    ends['in'] = 100n
    expect(await catchUp.isOver()).toBe(true)
    expect(looks.asked).toBe(5)
  })

  it('waits for a group that has consumed nothing yet', async () => {
    const { positions, catchUp } = world(['group'])
    positions['hop'] = null
    expect(await catchUp.isOver()).toBe(false)
    positions['hop'] = 2n
    expect(await catchUp.isOver()).toBe(true)
  })

  it('waits for no position where there is nothing to consume', async () => {
    const { ends, positions, catchUp } = world(['group'])
    ends['hop'] = 0n
    positions['hop'] = null
    expect(await catchUp.isOver()).toBe(true)
  })

  it('asks no more for what was reached once', async () => {
    const { ends, positions, looks, catchUp } = world(['group'])
    positions['hop'] = 1n
    expect(await catchUp.isOver()).toBe(false)
    ends['in'] = 50n
    expect(await catchUp.isOver()).toBe(false)
    expect(looks.asked).toBe(3)
    positions['hop'] = 2n
    expect(await catchUp.isOver()).toBe(true)
  })

  it('waits for what a stage wrote for the next one', async () => {
    const { ends, positions, catchUp } = world(['group', 'group', 'index'])
    positions['in'] = 4n
    expect(await catchUp.isOver()).toBe(false)
    // the last row went into the hop topic, and is not read there
    positions['in'] = 5n
    ends['hop'] = 3n
    expect(await catchUp.isOver()).toBe(false)
    // now it is in a document, and that is not indexed
    positions['hop'] = 3n
    ends['documents'] = 4n
    expect(await catchUp.isOver()).toBe(false)
    positions['documents'] = 4n
    expect(await catchUp.isOver()).toBe(true)
  })

  it('comes to an end although the topics are written to all the time', async () => {
    const { ends, positions, catchUp } = world(['group', 'index'])
    positions['in'] = 4n
    positions['documents'] = 2n
    let looks = 0
    while (!(await catchUp.isOver())) {
      looks++
      for (const topic of ['in', 'documents']) {
        positions[topic] = ends[topic]!
        ends[topic] = ends[topic]! + 10n
      }
      expect(looks).toBeLessThan(5)
    }
    expect(looks).toBeGreaterThan(0)
  })

  it('waits until every partition has worked in every row that is referred to', async () => {
    const positions = [
      [
        [5n, 6n],
        [7n, 7n],
      ],
      [
        [5n, 6n],
        [7n, 8n],
      ],
    ]
    const ends: Readonly<Record<string, readonly bigint[]>> = { one: [5n, 6n], two: [7n, 8n] }
    const servers: CatchUpServers = {
      partitions: 2,
      reader: {
        bounds: () => UNSTABLE,
        written: (topic, partition) => Promise.resolve(ends[topic]![partition]!),
      },
      admin: {
        committed: (_, topics) =>
          Promise.resolve(
            Object.entries(topics).flatMap(([topic, of]) =>
              of.map(partition => {
                const beside = { routed: undefined, making: '', asOf: undefined, sweeping: undefined }
                const metadata = encodeOffsetMetadata({ ...beside, broadcasts: positions[partition]! })
                return { topic, partition, next: 1n, metadata }
              }),
            ),
          ),
      },
    }
    const catchUp = new CatchUp(servers, [workedIn(servers, 'group', 'root', ['one', 'two'])])
    expect(await catchUp.isOver()).toBe(false)
    expect(catchUp.waitsFor).toBe('the group group, to take what is in one, two')
    positions[0]![1]![1] = 8n
    expect(await catchUp.isOver()).toBe(true)
    expect(catchUp.waitsFor).toBe('')
  })

  it('waits for no position where nothing is referred to', async () => {
    const servers: CatchUpServers = {
      partitions: 2,
      reader: {
        bounds: () => Promise.reject(new Error('asked')),
        written: () => Promise.reject(new Error('asked')),
      },
      admin: { committed: () => Promise.reject(new Error('asked')) },
    }
    expect(await new CatchUp(servers, [workedIn(servers, 'group', 'root', [])]).isOver()).toBe(true)
  })
})

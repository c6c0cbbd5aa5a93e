import { describe, expect, it } from '@jest/globals'
import type { IncomingRecord } from '@headrace/kafka'
import { CapturePosition, topicNames } from '@headrace/wire'
import { loadWatch } from './load-watch.ts'

interface Loaded {
  readonly epoch?: number
  readonly lsn?: bigint
  readonly finished: boolean
  /** As which dataset each table was loaded; '': by a release that did not say. */
  readonly tables?: Readonly<Record<string, string>>
}

const position = (slot: string, { epoch = 1, lsn = 1n, finished, tables = {} }: Loaded): CapturePosition => ({
  ...CapturePosition.decode(new Uint8Array()),
  slot,
  epoch,
  snapshot: {
    consistentLsn: lsn,
    finished,
    tables: Object.entries(tables).map(([table, dataset]) => ({
      table,
      dataset,
      rowsDone: 0n,
      rowsEstimated: 0n,
      finished,
    })),
  },
})

describe('loads of the tables of a view', () => {
  const log: IncomingRecord[] = []
  const write = (key: string, value: CapturePosition | null): void =>
    void log.push({
      offset: BigInt(log.length),
      key: Buffer.from(key),
      value: value === null ? null : Buffer.from(CapturePosition.encode(value).finish()),
      timestamp: 0,
    })
  const reader = {
    bounds: () => Promise.resolve({ start: 0n, end: BigInt(log.length) }),
    readToEnd: async function* (_topic: string, _partition: number, from: bigint) {
      await Promise.resolve()
      yield { records: log.slice(Number(from)), next: BigInt(log.length) }
    },
  }
  const source = (slot: string, ...datasets: readonly string[]) => ({
    name: slot,
    slot,
    publication: slot,
    tables: datasets.map(dataset => ({ schema: 'public', name: dataset, dataset, toast: 'full' as const })),
  })
  const topics = topicNames('p')
  const watch = (sources: readonly ReturnType<typeof source>[], ...datasets: readonly string[]) =>
    loadWatch(
      { topics, sources },
      datasets.map(dataset => topics.raw(dataset)),
      reader,
    )

  it('are over when each one has finished, and are not when one begins again', async () => {
    log.length = 0
    const look = watch([source('one', 'a'), source('two', 'b')], 'a', 'b')
    const missing = async (): Promise<readonly string[]> => (await look()).missing
    const a = { 'public.a': 'a' }
    const b = { 'public.b': 'b' }
    expect(await missing()).toEqual(['public.a', 'public.b'])
    write('one', position('one', { finished: true, tables: a }))
    write('two', position('two', { finished: false, tables: b }))
    // what stands beside a position is none
    write('two/shapes', position('two', { finished: true, tables: b }))
    expect(await missing()).toEqual(['public.b'])
    write('two', position('two', { finished: true, tables: b }))
    expect(await missing()).toEqual([])
    write('one', position('one', { finished: false }))
    expect(await missing()).toEqual(['public.a'])
    write('one', null)
    expect(await missing()).toEqual(['public.a'])
    write('one', position('one', { finished: true, tables: { 'public.a': '' } }))
    expect(await missing()).toEqual([])
    // the topic was made anew
    log.length = 0
    expect(await missing()).toEqual(['public.a', 'public.b'])
  })

  it('lack a table that the pipeline got after the load, or that was loaded as another dataset', async () => {
    log.length = 0
    write('one', position('one', { finished: true, tables: { 'public.a': 'a', 'public.b': 'c' } }))
    const look = watch([source('one', 'a', 'b', 'd')], 'a', 'b', 'd')
    expect((await look()).missing).toEqual(['public.b', 'public.d'])
  })

  it('do not wait for tables that the view does not use, nor for their source', async () => {
    log.length = 0
    write('one', position('one', { finished: true, tables: { 'public.a': 'a' } }))
    const look = watch([source('one', 'a', 'new'), source('dead', 'b'), source('empty')], 'a')
    expect((await look()).missing).toEqual([])
  })

  it('are others when tables were loaded again, also where nobody looked meanwhile', async () => {
    log.length = 0
    const tables = { 'public.a': 'a' }
    const look = watch([source('one', 'a')], 'a')
    const after = async (loaded: Loaded): Promise<string> => {
      write('one', position('one', loaded))
      return (await look()).loads
    }
    const first = await after({ finished: true, tables })
    expect(await after({ finished: true, tables })).toBe(first)
    const reset = await after({ epoch: 2, lsn: 7n, finished: true, tables })
    expect(reset).not.toBe(first)
    // killed in mid-load, and begun anew in the same epoch
    expect(await after({ epoch: 2, lsn: 8n, finished: true, tables })).not.toBe(reset)
  })
})

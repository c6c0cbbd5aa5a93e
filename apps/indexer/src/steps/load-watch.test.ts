import { describe, expect, it } from '@jest/globals'
import type { IncomingRecord } from '@headrace/kafka'
import { CapturePosition, topicNames } from '@headrace/wire'
import { loadWatch } from './load-watch.ts'

const position = (slot: string, finished: boolean): CapturePosition => ({
  ...CapturePosition.decode(new Uint8Array()),
  slot,
  snapshot: { consistentLsn: 1n, finished, tables: [] },
})

describe('loads of the sources', () => {
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
  const source = (slot: string) => ({ name: slot, slot, publication: slot, tables: [] })
  const topics = topicNames('p')

  it('are over when each one has finished, and are not when one begins again', async () => {
    const isLoaded = loadWatch({ topics, sources: [source('one'), source('two')] }, reader)
    expect(await isLoaded()).toBe(false)
    write('one', position('one', true))
    write('two', position('two', false))
    // what stands beside a position is none
    write('two/shapes', position('two', true))
    expect(await isLoaded()).toBe(false)
    write('two', position('two', true))
    expect(await isLoaded()).toBe(true)
    write('one', position('one', false))
    expect(await isLoaded()).toBe(false)
    write('one', null)
    expect(await isLoaded()).toBe(false)
    write('one', position('one', true))
    expect(await isLoaded()).toBe(true)
    // the topic was made anew
    log.length = 0
    expect(await isLoaded()).toBe(false)
  })

  it('are over when there is no source', async () => {
    expect(await loadWatch({ topics, sources: [] }, reader)()).toBe(true)
  })
})

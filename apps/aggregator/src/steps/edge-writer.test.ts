import { describe, expect, it } from '@jest/globals'
import { decodeHop, encodeHop } from '@headrace/denormalise'
import type { OutgoingRecord } from '@headrace/kafka'
import { MemoryStore } from '@headrace/store'
import { testFolder } from '../testing/test-folder.ts'
import { EdgeWriter } from './edge-writer.ts'
import { viewInputs } from './view-inputs.ts'

const { pipeline } = testFolder('edge-writer', 1)
const [edge] = viewInputs(pipeline, pipeline.views.get('parents')!).edges

const early = { position: { epoch: 0, commitLsn: 0n, ordinal: 0 }, commitTimeUs: 0n }
const late = { position: { epoch: 3, commitLsn: 1n << 60n, ordinal: 9000 }, commitTimeUs: 1n << 50n }

/** The error that a row is carried with under a limit. */
const errorOf = (place: typeof early, row: Buffer, maxBytes: number): string | undefined => {
  const into: OutgoingRecord[] = []
  const writer = new EdgeWriter({ ...edge!, maxBytes }, new MemoryStore(), 0, 1)
  const value = encodeHop({ ...place, row, repair: false })
  const entry = { position: place.position, parentKey: '1', deleted: false }
  writer.put('5', { hops: [{ parentKey: '1', childKey: '5', value }], entry }, into)
  const hop = decodeHop(into[0]!.value!)
  return 'marker' in hop ? 'a marker' : hop.error
}

describe('EdgeWriter', () => {
  it('A18a: whether a row is too large depends on the row alone, not on where its record stands', () => {
    const row = Buffer.alloc(100)
    const lengths = [early, late].map(place => encodeHop({ ...place, row, repair: false }).length)
    expect(lengths[0]).toBeLessThan(lengths[1]!)
    for (let limit = 90; limit <= lengths[1]! + 1; limit++) {
      const [one, other] = [early, late].map(place => errorOf(place, row, limit))
      expect({ limit, one }).toEqual({ limit, one: other })
      expect({ limit, isTold: one !== undefined }).toEqual({ limit, isTold: limit < 100 })
    }
    expect(errorOf(late, row, 99)).toBe(
      'aggregate.too_large: a row of list children has 100 bytes or more, the limit is 99',
    )
  })
})

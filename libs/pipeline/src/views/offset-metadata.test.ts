import { describe, expect, it } from '@jest/globals'
import { decodeOffsetMetadata, encodeOffsetMetadata } from './offset-metadata.ts'

const position = { epoch: 7, commitLsn: 2n ** 63n, ordinal: 12 }

describe('offset metadata (05 A3)', () => {
  it.each([
    { routed: undefined, broadcasts: [], making: '', asOf: undefined, sweeping: undefined },
    { routed: 12n, broadcasts: [], making: '', asOf: undefined, sweeping: undefined },
    {
      routed: undefined,
      broadcasts: [[0n, 35n, 36n], [9_007_199_254n]],
      making: '3f2a',
      asOf: 1,
      sweeping: undefined,
    },
    { routed: 7n, broadcasts: [[1n]], making: '', asOf: 1_795_398_000_000, sweeping: position },
  ])('gives back what it wrote (%#)', metadata => {
    expect(decodeOffsetMetadata(encodeOffsetMetadata(metadata))).toEqual(metadata)
  })

  it('is empty where nothing stands beside the offset, and reads what was written before there were broadcasts', () => {
    const nothing = { routed: undefined, broadcasts: [], making: '', asOf: undefined, sweeping: undefined }
    expect(encodeOffsetMetadata(nothing)).toBe('')
    expect(decodeOffsetMetadata('routed=5')).toEqual({ ...nothing, routed: 5n })
  })

  it('of 180 partitions fits into 4 kB with offsets of a hundred trillion records', () => {
    const broadcasts = [Array.from({ length: 180 }, () => 10n ** 14n)]
    const metadata = {
      routed: 10n ** 14n,
      broadcasts,
      making: '3f2a3f2a',
      asOf: 10 ** 13,
      sweeping: position,
    }
    expect(encodeOffsetMetadata(metadata).length).toBeLessThan(4096)
  })
})

import { describe, expect, it } from '@jest/globals'
import { decodeOffsetMetadata, encodeOffsetMetadata } from './offset-metadata.ts'

describe('offset metadata (05 A3)', () => {
  it.each([
    { routed: undefined, broadcasts: [] },
    { routed: 12n, broadcasts: [] },
    { routed: undefined, broadcasts: [[0n, 35n, 36n], [9_007_199_254n]] },
    { routed: 7n, broadcasts: [[1n]] },
  ])('gives back what it wrote (%#)', metadata => {
    expect(decodeOffsetMetadata(encodeOffsetMetadata(metadata))).toEqual(metadata)
  })

  it('is empty where nothing stands beside the offset, and reads what was written before there were broadcasts', () => {
    expect(encodeOffsetMetadata({ routed: undefined, broadcasts: [] })).toBe('')
    expect(decodeOffsetMetadata('routed=5')).toEqual({ routed: 5n, broadcasts: [] })
  })

  it('of 180 partitions fits into 4 kB with offsets of a hundred trillion records', () => {
    const broadcasts = [Array.from({ length: 180 }, () => 10n ** 14n)]
    expect(encodeOffsetMetadata({ routed: 10n ** 14n, broadcasts }).length).toBeLessThan(4096)
  })
})

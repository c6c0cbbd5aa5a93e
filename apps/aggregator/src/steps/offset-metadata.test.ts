import { describe, expect, it } from '@jest/globals'
import { decodeOffsetMetadata, encodeOffsetMetadata } from './offset-metadata.ts'

describe('offset metadata (05 A3)', () => {
  it.each([
    { routed: undefined, broadcasts: [], making: '' },
    { routed: 12n, broadcasts: [], making: '' },
    { routed: undefined, broadcasts: [[0n, 35n, 36n], [9_007_199_254n]], making: '3f2a' },
    { routed: 7n, broadcasts: [[1n]], making: '' },
  ])('gives back what it wrote (%#)', metadata => {
    expect(decodeOffsetMetadata(encodeOffsetMetadata(metadata))).toEqual(metadata)
  })

  it('is empty where nothing stands beside the offset, and reads what was written before there were broadcasts', () => {
    expect(encodeOffsetMetadata({ routed: undefined, broadcasts: [], making: '' })).toBe('')
    expect(decodeOffsetMetadata('routed=5')).toEqual({ routed: 5n, broadcasts: [], making: '' })
  })

  it('of 180 partitions fits into 4 kB with offsets of a hundred trillion records', () => {
    const broadcasts = [Array.from({ length: 180 }, () => 10n ** 14n)]
    expect(encodeOffsetMetadata({ routed: 10n ** 14n, broadcasts, making: '3f2a3f2a' }).length).toBeLessThan(
      4096,
    )
  })
})

import { describe, expect, it } from '@jest/globals'
import { isVisible, parseSnapshot } from './reread.ts'

describe('a snapshot', () => {
  it.each([
    ['100:105:101,103', 99, true],
    ['100:105:101,103', 100, true],
    ['100:105:101,103', 101, false],
    ['100:105:101,103', 104, true],
    ['100:105:101,103', 105, false],
    ['100:100:', 99, true],
    ['100:100:', 100, false],
    // the stream tells 32 bits: 2^32 + 4 as 4, 2^32 - 6 as 4294967290
    ['4294967300:4294967302:4294967300', 4, false],
    ['4294967300:4294967302:4294967300', 5, true],
    ['4294967300:4294967302:4294967300', 4_294_967_290, true],
    ['4294967290:4294967292:', 3, false],
  ])('C9 %s sees %d: %s', (text, xid, visible) => {
    expect(isVisible(parseSnapshot(text), xid)).toBe(visible)
  })
})

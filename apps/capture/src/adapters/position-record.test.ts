import type { IncomingRecord } from '@headrace/kafka'
import { CapturePosition, TableShapes } from '@headrace/wire'
import { describe, expect, it } from '@jest/globals'
import { readPosition } from './position-record.ts'

const positionOf = (slot: string, epoch: number): readonly [string, Uint8Array] => [
  slot,
  CapturePosition.encode({ ...CapturePosition.decode(new Uint8Array()), slot, epoch }).finish(),
]
const shapesOf = (slot: string): readonly [string, Uint8Array] => [
  `${slot}/shapes`,
  TableShapes.encode({ tables: [] }).finish(),
]

const read = (...log: readonly (readonly [string, Uint8Array])[]) => {
  const records = log.map(([key, value], at): IncomingRecord => ({
    offset: BigInt(at),
    key: Buffer.from(key),
    value: Buffer.from(value),
    timestamp: 0,
  }))
  const end = BigInt(log.length)
  return readPosition(
    {
      bounds: () => Promise.resolve({ start: 0n, end }),
      written: () => Promise.resolve(end),
      readToEnd: async function* () {
        await Promise.resolve()
        yield { records, next: end }
      },
      follow: () => {
        throw new Error('not asked for')
      },
      stop: () => Promise.resolve(),
    },
    'positions',
    'mine',
  )
}

describe('readPosition', () => {
  it('tells the newest position, and the highest epoch of other slots', async () => {
    expect(await read()).toEqual({ position: null, shapes: null, epochOfOthers: 0 })
    const before = [positionOf('old', 3), shapesOf('old'), positionOf('older', 2)] as const
    expect(await read(...before)).toEqual({ position: null, shapes: null, epochOfOthers: 3 })
    expect(await read(...before, positionOf('mine', 4), shapesOf('mine'), positionOf('mine', 5))).toEqual({
      position: expect.objectContaining({ slot: 'mine', epoch: 5 }),
      shapes: { tables: [] },
      epochOfOthers: 3,
    })
  })
})

import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { FrameCutter } from './frame-cutter.ts'

const frame = (type: number, content: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head[0] = type
  head.writeUInt32BE(content.length + 4, 1)
  return Buffer.concat([head, content])
}

const cut = (chunks: readonly Buffer[]): readonly string[] => {
  const seen: string[] = []
  const cutter = new FrameCutter()
  for (const chunk of chunks)
    cutter.push(chunk, (type, buffer, start, end) =>
      seen.push(`${type}:${buffer.toString('hex', start, end)}`),
    )
  return seen
}

describe('FrameCutter', () => {
  it('gives the same messages wherever the chunks end', () => {
    const messages = fc.array(fc.tuple(fc.integer({ min: 1, max: 127 }), fc.uint8Array({ maxLength: 40 })), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 40 }), (list, sizes) => {
        const stream = Buffer.concat(list.map(([type, content]) => frame(type, Buffer.from(content))))
        const chunks: Buffer[] = []
        let at = 0
        for (const size of sizes) {
          chunks.push(stream.subarray(at, at + size))
          at += size
        }
        chunks.push(stream.subarray(at))
        expect(cut(chunks)).toEqual(
          list.map(([type, content]) => `${type}:${Buffer.from(content).toString('hex')}`),
        )
      }),
      { numRuns: 1_000 },
    )
  })

  it('takes a stream byte by byte', () => {
    const stream = Buffer.concat([
      frame(100, Buffer.from('abc')),
      frame(90, Buffer.alloc(0)),
      frame(100, Buffer.from('d')),
    ])
    expect(cut([...stream].map(byte => Buffer.from([byte])))).toEqual(['100:616263', '90:', '100:64'])
  })
})

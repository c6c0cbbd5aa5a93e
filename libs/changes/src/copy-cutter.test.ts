import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { cutCopyRow } from './copy-cutter.ts'
import { TEXT_KIND, TupleCutter } from './tuple-cutter.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}
const escape = (text: string): string => text.replace(/[\\\b\f\n\r\t\v]/g, character => ESCAPES[character]!)

const cut = (line: string, columns: number): (string | null)[] => {
  const buffer = Buffer.from(`before${line}\nafter`)
  const tuple = new TupleCutter()
  cutCopyRow(buffer, 6, buffer.length - 5, columns, tuple)
  return Array.from({ length: tuple.count }, (_, column) => {
    const start = tuple.starts[column]!
    return tuple.kinds[column] === TEXT_KIND
      ? buffer.toString('utf8', start, start + tuple.lengths[column]!)
      : null
  })
}

describe('cutCopyRow', () => {
  it('reads back what COPY writes', () => {
    const cell = fc.option(
      fc.string({
        unit: fc.constantFrom('a', '\\', 'N', '\t', '\n', '\r', '\b', '\f', '\v', 'é', '💧', '.'),
        maxLength: 12,
      }),
    )
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 10 }), cells => {
        const line = cells.map(text => (text === null ? '\\N' : escape(text))).join('\t')
        expect(cut(line, cells.length)).toEqual(cells)
      }),
    )
  })

  it('tells a null from the text \\N', () => {
    expect(cut('\\N\t\\\\N\tN', 3)).toEqual([null, '\\N', 'N'])
  })

  it('takes an empty line for one empty text, or for no column', () => {
    expect(cut('', 1)).toEqual([''])
    expect(cut('', 0)).toEqual([])
  })

  it('refuses a row of another width', () => {
    expect(() => cut('a\tb', 3)).toThrow(/2 columns instead of 3/)
    expect(() => cut('a\tb', 1)).toThrow(/2 columns instead of 1/)
  })
})

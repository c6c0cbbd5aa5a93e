import { describe, expect, it } from '@jest/globals'
import { lineDifferences } from './line-differences.ts'

describe('lineDifferences', () => {
  it('tells lines that only one of two texts has', () => {
    expect(lineDifferences('a\nowner: me\nb\nb\n', 'a\nb\nc\n')).toEqual(['- owner: me', '- b', '+ c'])
    expect(lineDifferences('a\n', 'a\n')).toEqual([])
  })

  it('shows a few', () => {
    const many = Array.from({ length: 10 }, (_, n) => `line ${n}`).join('\n')
    expect(lineDifferences('', many).at(-1)).toBe('+ … 2 more lines')
  })
})

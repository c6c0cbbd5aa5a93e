import { describe, expect, it } from '@jest/globals'
import type { Hit } from '@headrace/elasticsearch'
import type { Expected } from './expected-documents.ts'
import { judge } from './judge-document.ts'

const hit = (source: string): Hit => ({ source }) as unknown as Hit
const expected = (document: string, overflow?: string): Expected =>
  ({ document, overflow }) as unknown as Expected
const STUB = '{"_error":"aggregate.too_large: the document has 9 bytes"}'

describe('judge', () => {
  it('tells a stub apart, with its reason, unless the view asks for it', () => {
    expect(judge(expected('{"a":1}'), hit('{"a":1}'))).toEqual({ kind: 'equal' })
    expect(judge(expected('{"a":1}'), hit(STUB))).toEqual({
      kind: 'stub',
      reason: 'aggregate.too_large: the document has 9 bytes',
    })
    expect(judge(expected('{"a":1}', 'list'), hit(STUB))).toEqual({ kind: 'equal' })
    expect(judge(undefined, hit(STUB))).toEqual({ kind: 'extra' })
  })
})

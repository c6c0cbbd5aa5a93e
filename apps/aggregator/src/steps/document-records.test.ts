import { describe, expect, it } from '@jest/globals'
import { DocumentRecord } from '@headrace/wire'
import { DirtyDocuments } from './dirty-documents.ts'
import { documentRecord } from './document-records.ts'

const target = { topic: 'documents', partition: 3, maxBytes: 1000 }
const markOf = (mayExist = false) => {
  const dirty = new DirtyDocuments()
  dirty.mark(
    'key',
    { input: 0, offset: 1n, mayExist, commitTimeUs: 77n, position: { epoch: 1, commitLsn: 5n, ordinal: 2 } },
    0,
  )
  return dirty.due(0, { idleMs: 0, maxMs: 0, limit: 1 })[0]!
}
const decoded = (value: Buffer | null | undefined) => DocumentRecord.decode(value!).record?.value

describe('documentRecord', () => {
  it.each([0, 1, 127, 128, 900])('is the generated DocumentRecord (%d bytes of side)', bytes => {
    const source = Buffer.from(JSON.stringify({ a: 'ä'.repeat(20) }))
    const side = Buffer.alloc(bytes, 0x20)
    const { record, emitted } = documentRecord(target, markOf(), {
      kind: 'document',
      source,
      side: bytes === 0 ? undefined : side,
    })
    expect(emitted).toBe('document')
    expect(record).toMatchObject({ topic: 'documents', partition: 3, key: Buffer.from('key') })
    expect(decoded(record?.value)).toEqual({
      key: 'key',
      source,
      side,
      oldestCommitUs: 77n,
      newestCommitUs: 77n,
      asOf: { epoch: 1, commitLsn: 5n, ordinal: 2 },
      error: '',
    })
  })

  it('A8: no root row gives a tombstone only where a document may stand', () => {
    expect(documentRecord(target, markOf(), { kind: 'absent' })).toEqual({
      record: undefined,
      emitted: 'nothing',
    })
    expect(documentRecord(target, markOf(true), { kind: 'absent' }).record?.value).toBeNull()
  })

  it('A18, case 39: too large or too many gives a stub that says why', () => {
    const large = documentRecord(target, markOf(), {
      kind: 'document',
      source: Buffer.alloc(1001),
      side: undefined,
    })
    expect(large.emitted).toBe('stub')
    expect(decoded(large.record?.value)).toMatchObject({
      source: Buffer.alloc(0),
      error: 'aggregate.too_large: the document has 1001 bytes, the limit is 1000',
    })
    const many = documentRecord(target, markOf(), { kind: 'overflow', list: 'l', limit: 2, rows: 3 })
    expect(decoded(many.record?.value)).toMatchObject({
      error: 'aggregate.overflow: list l has 3 rows, its limit is 2',
    })
  })
})

import { describe, expect, it } from '@jest/globals'
import { DocumentRecord } from '@headrace/wire'
import { DirtyDocuments } from './dirty-documents.ts'
import { documentRecords } from './document-records.ts'

const target = {
  topic: 'documents',
  partition: 3,
  dead: {
    topic: 'dead',
    contract: { id: 'c', version: '1', owner: 'o' },
    view: { name: 'v', plan: 'p' },
  },
}
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
    const { records, emitted } = documentRecords(target, markOf(), {
      kind: 'document',
      source,
      side: bytes === 0 ? undefined : side,
    })
    expect(emitted).toBe('document')
    const [record] = records
    expect(records).toHaveLength(1)
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
    expect(documentRecords(target, markOf(), { kind: 'absent' })).toEqual({
      records: [],
      emitted: 'nothing',
    })
    expect(documentRecords(target, markOf(true), { kind: 'absent' }).records[0]?.value).toBeNull()
  })

  it.each([
    ['a document', { kind: 'failed', error: 'aggregate.too_large: the document has 1001 bytes' } as const],
    ['a list', { kind: 'overflow', list: 'l', limit: 2, rows: 3 } as const],
  ])(
    'A18, case 39: %s that is too large gives a stub that says why, and a dead letter of its key',
    (_, assembled) => {
      const { records, emitted } = documentRecords(target, markOf(), assembled)
      const [stub, letter] = records
      const error =
        assembled.kind === 'failed'
          ? assembled.error
          : 'aggregate.overflow: list l has 3 rows, its limit is 2'
      expect(emitted).toBe('stub')
      expect(decoded(stub?.value)).toMatchObject({ source: Buffer.alloc(0), error })
      expect(letter).toMatchObject({ topic: 'dead', partition: 3, key: Buffer.from('key'), value: null })
      expect(letter?.headers).toMatchObject({
        'dead.code': 'enrich.failed',
        'dead.rule': error.slice(0, error.indexOf(':')),
        'dead.message': error.slice(error.indexOf(':') + 2),
        'dead.contract': 'c',
        'dead.view': 'v',
        'dead.source.topic': 'documents',
      })
    },
  )
})

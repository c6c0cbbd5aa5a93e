import { describe, expect, it } from '@jest/globals'
import { type Cause, DirtyDocuments, MOST_KEPT } from './dirty-documents.ts'

const cause = (offset: number, input = 0, more: Partial<Cause> = {}): Cause => ({
  input,
  offset: BigInt(offset),
  mayExist: false,
  commitTimeUs: BigInt(offset),
  position: undefined,
  ...more,
})

describe('DirtyDocuments (05 A11, A14)', () => {
  it('gives those that are idle long enough or dirty too long, the oldest first', () => {
    const dirty = new DirtyDocuments()
    dirty.mark('busy', cause(1), 0)
    dirty.mark('idle', cause(2), 10)
    dirty.mark('busy', cause(3), 90)
    const due = (now: number, limit = 10) =>
      dirty.due(now, { idleMs: 50, maxMs: 1000, limit }).map(mark => mark.key)
    expect(due(59)).toEqual([])
    expect(due(60)).toEqual(['idle'])
    expect(due(140)).toEqual(['busy', 'idle'])
    expect(due(140, 1)).toEqual(['busy'])
    dirty.mark('busy', cause(4), 999)
    expect(due(1000)).toContain('busy')
  })

  it('gives any, the oldest first, while there are more than may be kept', () => {
    const dirty = new DirtyDocuments()
    const due = () => dirty.due(0, { idleMs: 50, maxMs: 1000, limit: 2 }).map(mark => mark.key)
    for (let n = 0; n < MOST_KEPT; n++) dirty.mark(String(n), cause(n), 0)
    expect(due()).toEqual([])
    dirty.mark('one more', cause(MOST_KEPT), 0)
    expect(due()).toEqual(['0', '1'])
  })

  it('holds the lowest offset per input until the document is emitted', () => {
    const dirty = new DirtyDocuments()
    dirty.mark('a', cause(5), 0)
    dirty.mark('a', cause(9), 0)
    dirty.mark('b', cause(7), 0)
    dirty.mark('b', cause(3, 1), 0)
    expect([dirty.firstOffset(0), dirty.firstOffset(1), dirty.firstOffset(2)]).toEqual([5, 3, undefined])
    dirty.clear('a', 2)
    expect([dirty.firstOffset(0), dirty.size]).toEqual([7, 1])
  })

  it('keeps a document that changed after it was emitted', () => {
    const dirty = new DirtyDocuments()
    dirty.mark('a', cause(5), 0)
    const [mark] = dirty.due(0, { idleMs: 0, maxMs: 0, limit: 1 })
    const { sequence } = mark!
    dirty.mark('a', cause(6), 1)
    dirty.clear('a', sequence)
    expect(dirty.size).toBe(1)
  })

  it('remembers the oldest and newest commit, the highest position, and whether a document may stand', () => {
    const dirty = new DirtyDocuments()
    const at = (commitLsn: bigint) => ({ epoch: 1, commitLsn, ordinal: 0 })
    dirty.mark('a', cause(5, 0, { position: at(9n) }), 0)
    dirty.mark('a', cause(3, 1, { position: at(7n), mayExist: true }), 0)
    dirty.mark('a', cause(4, 1, { commitTimeUs: 0n }), 0)
    expect(dirty.due(0, { idleMs: 0, maxMs: 0, limit: 1 })[0]).toMatchObject({
      oldestCommitUs: 3n,
      newestCommitUs: 5n,
      asOf: at(9n),
      mayExist: true,
    })
  })
})

import { randomUUID } from 'node:crypto'
import { type Assembled, failureText } from '@headrace/denormalise'
import { unreachable } from '@headrace/errors'
import type { OutgoingRecord } from '@headrace/kafka'
import { type Contract, deadLetterHeaders } from '@headrace/validation'
import { Document } from '@headrace/wire'
import type { DirtyDocument } from './dirty-documents.ts'

export type Emitted = 'document' | 'tombstone' | 'stub' | 'nothing'

export interface Emission {
  /** The document's record, and of a stub its dead letter. */
  readonly records: readonly OutgoingRecord[]
  readonly emitted: Emitted
}

const NO_BYTES = Buffer.alloc(0)

/** Where documents go that cannot be made: their keys, as dead letters of the view's root dataset. */
export interface DeadDocuments {
  readonly topic: string
  readonly contract: Pick<Contract, 'id' | 'version' | 'owner'>
  readonly view: { readonly name: string; readonly plan: string }
}

export interface DocumentTarget {
  readonly topic: string
  readonly partition: number
  readonly dead: DeadDocuments
}

/**
 * What a dirty document becomes: the document, a tombstone when there is none, or a stub that says why there can be none, so
 * that never an old document is left standing, and a dead letter that says so too (05 A8, A18).
 */
export const documentRecords = (
  target: DocumentTarget,
  mark: DirtyDocument,
  assembled: Assembled,
): Emission => {
  const { topic, partition } = target
  const key = Buffer.from(mark.key)
  switch (assembled.kind) {
    case 'absent':
      return mark.mayExist
        ? { records: [{ topic, partition, key, value: null }], emitted: 'tombstone' }
        : { records: [], emitted: 'nothing' }
    case 'document': {
      const value = encodeDocument(mark, '', assembled.source, assembled.side ?? NO_BYTES)
      return { records: [{ topic, partition, key, value }], emitted: 'document' }
    }
    case 'overflow':
    case 'failed': {
      const error = failureText(assembled)
      const value = encodeDocument(mark, error, NO_BYTES, NO_BYTES)
      return {
        records: [{ topic, partition, key, value }, deadDocument(target, key, error)],
        emitted: 'stub',
      }
    }
    default:
      return unreachable(assembled)
  }
}

/** The key alone: the document is made again of its rows, never of old bytes (04 K12). */
const deadDocument = (
  { topic, partition, dead }: DocumentTarget,
  key: Buffer,
  error: string,
): OutgoingRecord => {
  const rule = error.slice(0, error.indexOf(':'))
  const headers = deadLetterHeaders({
    id: randomUUID(),
    code: 'enrich.failed',
    rule,
    path: '',
    message: error.slice(rule.length + 2),
    contract: dead.contract,
    view: dead.view,
    source: { topic, partition },
    failedAt: Date.now(),
  })
  return { topic: dead.topic, partition, key, value: null, headers }
}

const RECORD_DOCUMENT = 0x0a
const DOCUMENT_SOURCE = 0x12
const DOCUMENT_SIDE = 0x1a
const MAX_HEAD_BYTES = 18

/** The bytes of DocumentRecord; the two large fields are copied once (held equal to the generated code by a test). */
const encodeDocument = (mark: DirtyDocument, error: string, source: Buffer, side: Buffer): Buffer => {
  const { key, oldestCommitUs, newestCommitUs, asOf } = mark
  const small = Document.encode({
    key,
    source: NO_BYTES,
    side: NO_BYTES,
    oldestCommitUs,
    newestCommitUs,
    asOf,
    error,
  }).finish()
  const head = source.length === 0 ? 0 : 1 + varintBytes(source.length)
  const sideHead = side.length === 0 ? 0 : 1 + varintBytes(side.length)
  const inner = small.length + head + source.length + sideHead + side.length
  const out = Buffer.allocUnsafe(MAX_HEAD_BYTES + inner)
  out[0] = RECORD_DOCUMENT
  let at = writeVarint(out, 1, inner)
  out.set(small, at)
  at = writeField(out, at + small.length, DOCUMENT_SOURCE, source)
  at = writeField(out, at, DOCUMENT_SIDE, side)
  return out.subarray(0, at)
}

const varintBytes = (value: number): number => {
  let bytes = 1
  for (let rest = value; rest > 0x7f; rest >>>= 7) bytes++
  return bytes
}

const writeVarint = (out: Buffer, at: number, value: number): number => {
  let rest = value
  for (; rest > 0x7f; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80
  out[at++] = rest
  return at
}

const writeField = (out: Buffer, at: number, tag: number, bytes: Buffer): number => {
  if (bytes.length === 0) return at
  out[at++] = tag
  const start = writeVarint(out, at, bytes.length)
  out.set(bytes, start)
  return start + bytes.length
}

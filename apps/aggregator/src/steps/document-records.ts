import type { Assembled } from '@headrace/denormalise'
import type { OutgoingRecord } from '@headrace/kafka'
import { Document } from '@headrace/wire'
import type { DirtyDocument } from './dirty-documents.ts'

export type Emitted = 'document' | 'tombstone' | 'stub' | 'nothing'

export interface Emission {
  readonly record: OutgoingRecord | undefined
  readonly emitted: Emitted
}

const NO_BYTES = Buffer.alloc(0)

export interface DocumentTarget {
  readonly topic: string
  readonly partition: number
  readonly maxBytes: number
}

/**
 * The record of a dirty document: the document, a tombstone when there is none, or a stub that says why there can be none, so
 * that never an old document is left standing (05 A8, A18).
 */
export const documentRecord = (
  target: DocumentTarget,
  mark: DirtyDocument,
  assembled: Assembled,
): Emission => {
  const { topic, partition, maxBytes } = target
  const key = Buffer.from(mark.key)
  if (assembled.kind === 'absent') {
    return mark.mayExist
      ? { record: { topic, partition, key, value: null }, emitted: 'tombstone' }
      : { record: undefined, emitted: 'nothing' }
  }
  const error = errorOf(assembled, maxBytes)
  const isStub = error !== ''
  const content = assembled.kind === 'document' && !isStub ? assembled : { source: NO_BYTES, side: undefined }
  const value = encodeDocument(mark, error, content.source, content.side ?? NO_BYTES)
  return { record: { topic, partition, key, value }, emitted: isStub ? 'stub' : 'document' }
}

const errorOf = (assembled: Exclude<Assembled, { kind: 'absent' }>, maxBytes: number): string => {
  if (assembled.kind === 'overflow')
    return `aggregate.overflow: list ${assembled.list} has ${assembled.rows} rows, its limit is ${assembled.limit}`
  const bytes = assembled.source.length + (assembled.side?.length ?? 0)
  return bytes <= maxBytes
    ? ''
    : `aggregate.too_large: the document has ${bytes} bytes, the limit is ${maxBytes}`
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

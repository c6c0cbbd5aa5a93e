import type { Assembled } from '@headrace/denormalise'
import type { OutgoingRecord } from '@headrace/kafka'
import { DocumentRecord } from '@headrace/wire'
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
export const documentRecord = (target: DocumentTarget, mark: DirtyDocument, assembled: Assembled): Emission => {
  const { topic, partition, maxBytes } = target
  const key = Buffer.from(mark.key)
  if (assembled.kind === 'absent') {
    return mark.mayExist ? { record: { topic, partition, key, value: null }, emitted: 'tombstone' } : { record: undefined, emitted: 'nothing' }
  }
  const error = errorOf(assembled, maxBytes)
  const isStub = error !== ''
  const content = assembled.kind === 'document' && !isStub ? assembled : { source: NO_BYTES, side: undefined }
  const value = DocumentRecord.encode({
    record: {
      $case: 'document',
      value: {
        key: mark.key,
        source: content.source,
        side: content.side ?? NO_BYTES,
        oldestCommitUs: mark.oldestCommitUs,
        newestCommitUs: mark.newestCommitUs,
        asOf: mark.asOf,
        error,
      },
    },
  }).finish()
  return { record: { topic, partition, key, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength) }, emitted: isStub ? 'stub' : 'document' }
}

const errorOf = (assembled: Exclude<Assembled, { kind: 'absent' }>, maxBytes: number): string => {
  if (assembled.kind === 'overflow') return `aggregate.overflow: list ${assembled.list} has ${assembled.rows} rows, its limit is ${assembled.limit}`
  const bytes = assembled.source.length + (assembled.side?.length ?? 0)
  return bytes <= maxBytes ? '' : `aggregate.too_large: the document has ${bytes} bytes, the limit is ${maxBytes}`
}

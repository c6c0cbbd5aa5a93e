import type { BulkItem } from '@headrace/elasticsearch'
import { HeadraceError } from '@headrace/errors'
import type { IncomingRecord } from '@headrace/kafka'
import { compileIndexBody, type DocumentShape, stubBody } from '@headrace/search-model'
import { DocumentRecord, isMarkerKey } from '@headrace/wire'

/** A record of a document topic as something to do in the index. */
export interface IndexWork {
  readonly item: BulkItem
  /** Commit time of the oldest change in it, µs since 1970; 0 when it is not known. */
  readonly oldestCommitUs: bigint
  /** The document could not be made by the aggregator, or cannot be read here. */
  readonly stub: boolean
  /** Why it cannot be read here. */
  readonly unreadable?: string
}

export type DocumentReading = (record: IncomingRecord) => IndexWork | 'marker'

/**
 * Compiles the way from records of a view's document topic to bulk items: version = offset, tombstone = delete,
 * a document in error = a stub at the same version.
 */
export const documentReading = (shape: DocumentShape): DocumentReading => {
  const body = compileIndexBody(shape)
  const stub = (id: string, version: bigint, error: string, oldestCommitUs: bigint): IndexWork => ({
    item: { kind: 'index', id, version, body: stubBody(id, error) },
    oldestCommitUs,
    stub: true,
  })
  return ({ key, value, offset }) => {
    if (key === null || isMarkerKey(key)) return 'marker'
    const id = key.toString()
    if (value === null)
      return { item: { kind: 'delete', id, version: offset }, oldestCommitUs: 0n, stub: false }
    const { record } = DocumentRecord.decode(value)
    if (record?.$case !== 'document')
      throw new HeadraceError(
        'decode.framing',
        `the record at offset ${offset} of a document topic is no document`,
      )
    const { source, side, error, oldestCommitUs } = record.value
    if (error !== '') return stub(id, offset, error, oldestCommitUs)
    try {
      const text = body({ key: id, source: source.toString(), side: side.toString() })
      return { item: { kind: 'index', id, version: offset, body: text }, oldestCommitUs, stub: false }
    } catch (fault) {
      if (!(fault instanceof HeadraceError)) throw fault
      return { ...stub(id, offset, fault.message, oldestCommitUs), unreadable: fault.message }
    }
  }
}

export { BulkSizer } from './bulk-sizer.ts'
export {
  type BulkItem,
  type BulkOutcome,
  type BulkRetry,
  BulkWriter,
  type BulkWriterOptions,
  judgeItem,
} from './bulk-writer.ts'
export {
  Elasticsearch,
  type ElasticsearchAnswer,
  type ElasticsearchConnection,
  type ElasticsearchRequest,
} from './connection.ts'
export { DocumentReader, type ReaderFields } from './document-reader.ts'
export { type Hit, rawMembers, type SearchAnswer } from './read-hits.ts'
export {
  type IndexBehind,
  type IndexIdentity,
  type IndexOptions,
  type ViewIndex,
  ViewIndices,
} from './view-index.ts'
export { getDocuments, sampleKeys } from './get-documents.ts'
export { elasticsearchConnection, type ElasticsearchSettings } from './connection-settings.ts'

export {
  type CopyRowHandler,
  type CopySession,
  type CopySessionOptions,
  openCopySession,
} from './copy-session.ts'
export { postgresFault, sqlStateOf } from './faults.ts'
export {
  addTablesSql,
  createPublicationSql,
  preparePublication,
  type PublicationState,
  type PublishedTable,
  readPublication,
  sameTable,
} from './publication.ts'
export {
  openReplication,
  type ReplicationHandlers,
  type ReplicationOptions,
  type ReplicationStream,
} from './replication-stream.ts'
export {
  isVisible,
  parseSnapshot,
  readRows,
  readSnapshot,
  type RowsRead,
  type RowsWish,
  type TransactionSnapshot,
} from './reread.ts'
export {
  connect,
  describeAddress,
  type PostgresConnection,
  type PostgresSession,
  quoteIdentifier,
  quoteLiteral,
  quoteTable,
  SESSION_SETTINGS,
  type TextRow,
} from './session.ts'
export {
  createSlot,
  type CreatedSlot,
  dropSlot,
  emitHeartbeat,
  readIdentity,
  readSlot,
  readTimelineEnd,
  readWalEnd,
  releaseSlot,
  type SlotState,
  type SourceIdentity,
} from './slot.ts'
export {
  checkSource,
  prepareSource,
  problemsOf,
  requireFit,
  type SourceProblem,
  type SourceWish,
  type WishedTable,
} from './source-check.ts'
export {
  type ColumnInfo,
  type Heap,
  numericDomains,
  readHeaps,
  readTables,
  type TableInfo,
  type TableName,
} from './tables.ts'
export { readTableShapes } from './table-shapes.ts'
export {
  type DescribedTable,
  type ForeignKey,
  readTableCatalogue,
  type TableCatalogue,
} from './table-catalogue.ts'

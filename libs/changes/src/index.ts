export {
  ChangeDecoder,
  type ChangeSink,
  type DecoderOptions,
  type KnownPosition,
  type SourceTransaction,
} from './change-decoder.ts'
export { completeChange, type IncompleteRow } from './incomplete-row.ts'
export {
  type CapturedTable,
  fingerprintOf,
  fingerprintText,
  readRelation,
  type Relation,
  RelationTracker,
  type RelationTrackerOptions,
  requireColumns,
} from './relation.ts'
export { withoutValues } from './too-large-row.ts'
export { SnapshotDecoder, type SnapshotDecoderOptions, snapshotLsn } from './snapshot-decoder.ts'

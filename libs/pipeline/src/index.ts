export { pipelineJsonSchemas } from './json-schemas.ts'
export { LOCK_FILE, lockContracts } from './contracts-lock.ts'
export { inspectPipeline, type Inspection, loadPipeline } from './load-pipeline.ts'
export type {
  CompiledView,
  Dataset,
  Pipeline,
  PipelineFiles,
  PostgresSource,
  Problem,
  SourceTableEntry,
  ToastPolicy,
} from './pipeline.ts'
export { formatProblem } from './problems.ts'
export { compareTable, type TableDifference } from './pull/compare-table.ts'
export { pullPipeline, type PulledPipeline } from './pull/pull-pipeline.ts'
export {
  DEFAULT_LIMITS,
  LARGEST_LIMITS,
  type SizeLimits,
  topicSizes,
  type TopicSizes,
} from './size-limits.ts'
export { unloadedTables } from './unloaded-tables.ts'
export type { PulledTable, PullNote } from './pull/pulled-table.ts'
export { LONGEST_AWAY_MS, TOMBSTONES_KEPT_MS } from './tombstones.ts'
export {
  aggregatorGroup,
  type AggregatorInputs,
  aggregatorInputs,
  referredDatasets,
  validatorGroup,
} from './views/aggregator-inputs.ts'
export { decodeOffsetMetadata, encodeOffsetMetadata, type OffsetMetadata } from './views/offset-metadata.ts'
export { deadLetterCodes } from '@headrace/validation'

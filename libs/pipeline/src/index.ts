export type { CompiledView, Dataset, Pipeline, PipelineFiles, PostgresSource, Problem } from './pipeline.ts'
export { inspectPipeline, type Inspection, loadPipeline } from './load-pipeline.ts'
export { LOCK_FILE, lockContracts } from './contracts-lock.ts'

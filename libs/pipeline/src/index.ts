export { LOCK_FILE, lockContracts } from './contracts-lock.ts'
export { inspectPipeline, type Inspection, loadPipeline } from './load-pipeline.ts'
export type { CompiledView, Dataset, Pipeline, PipelineFiles, PostgresSource, Problem } from './pipeline.ts'
export { formatProblem } from './problems.ts'

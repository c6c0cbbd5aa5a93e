export type { CompiledView, Dataset, Pipeline, PipelineFiles, PostgresSource, Problem } from './pipeline.ts'

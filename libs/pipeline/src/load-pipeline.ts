import type { Pipeline, PipelineFiles, Problem } from './pipeline.ts'

/** What a folder holds: a pipeline when there is no problem. Never throws for mistakes in the files. */
export interface Inspection {
  readonly pipeline: Pipeline | undefined
  readonly problems: readonly Problem[]
  /** Rules of the contracts that are not enforced, `file: path: why` (04 K1). */
  readonly unenforced: readonly string[]
}

/** All mistakes of a folder at once; `headrace check` prints them. A missing or stale lock is one of them. */
export const inspectPipeline = (files: PipelineFiles): Inspection => {
  throw new Error(`not written yet ${files.list('').length}`)
}

/** Throws pipeline.not_found, pipeline.invalid (all problems in the message) or pipeline.lock_stale. */
export const loadPipeline = (files: PipelineFiles): Pipeline => {
  throw new Error(`not written yet ${files.list('').length}`)
}

export { datasetSql } from './data/dataset-sql.ts'
export { type Dataset, makeDataset, makeDatasetWithOrphans } from './data/dataset-rows.ts'
export type { AnnotationRow, ImageRow } from './data/rows.ts'
export { type WriterOptions, writeRandomChanges } from './data/writers.ts'
export { expectedDocuments, type Queryable } from './oracle/expected-documents.ts'
export {
  copyPipeline,
  LOOSE_TABLE_FILES,
  PIPELINE_FOLDER,
  type PipelineCopy,
  TABLE_FILES,
  VIEW,
} from './pipeline-copy.ts'

import { join } from 'node:path'

export { CHANGE_KINDS, randomChange } from './changes/random-change.ts'
export { expectedDocuments, oracleSql, RETAIL_VIEWS, type RetailView } from './oracle/expected-documents.ts'
export { retailSql } from './retail-sql.ts'
export { makeRetail, RETAIL_TABLES, type RetailRows, type RetailTable } from './rows.ts'

export const PIPELINE_FOLDER = join(import.meta.dirname, '..', 'pipeline')
export const SCHEMA_FILE = join(import.meta.dirname, '..', 'schema.sql')

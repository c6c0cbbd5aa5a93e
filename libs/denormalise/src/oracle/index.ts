export { compareJson, type JsonDifference } from './compare-json.ts'
export { type OracleOptions, type OracleStatement, viewToSql } from './view-to-sql.ts'
export type { OracleTable } from './view-scope.ts'

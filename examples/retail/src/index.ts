import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export { retailSql } from './retail-sql.ts'
export { makeRetail, RETAIL_TABLES, type RetailRows, type RetailTable } from './rows.ts'

export const PIPELINE_FOLDER = join(import.meta.dirname, '..', 'pipeline')
export const SCHEMA_FILE = join(import.meta.dirname, '..', 'schema.sql')

export const RETAIL_VIEWS = ['category_tree', 'customer_orders', 'employee_team', 'product_catalog'] as const
export type RetailView = (typeof RETAIL_VIEWS)[number]

/** Hand-written SQL: (key, document) of every document of a view. For a session in UTC. */
export const oracleSql = (view: RetailView): string =>
  readFileSync(join(import.meta.dirname, 'oracle', `${view}.sql`), 'utf8')

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenDatabase } from '@headrace/testkit'

export const RETAIL_VIEWS = ['category_tree', 'customer_orders', 'employee_team', 'product_catalog'] as const
export type RetailView = (typeof RETAIL_VIEWS)[number]

/** Hand-written SQL: (key, document) of every document of a view. For a session in UTC. */
export const oracleSql = (view: RetailView): string =>
  readFileSync(join(import.meta.dirname, `${view}.sql`), 'utf8')

/** What the documents of a view must be: record key -> JSON text as Postgres prints it. */
export const expectedDocuments = async (
  database: Pick<OpenDatabase, 'query'>,
  view: RetailView,
): Promise<ReadonlyMap<string, string>> => {
  const rows = await database.query<{ key: string; document: string }>(oracleSql(view))
  return new Map(rows.map(({ key, document }) => [key, document]))
}

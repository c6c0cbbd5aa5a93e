import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenDatabase } from '@headrace/testkit'

export const RETAIL_VIEWS = [
  'category_tree',
  'customer_orders',
  'employee_team',
  'product_catalog',
  'tariff_products',
] as const
export type RetailView = (typeof RETAIL_VIEWS)[number]

/**
 * Hand-written SQL: (key, document) of every document of a view. For a session in UTC. Keys that Elasticsearch does not take,
 * empty or longer than 512 bytes, are hashed.
 */
export const oracleSql = (view: RetailView): string => `
  select
    case when octet_length(key) between 1 and 512 then key
      else chr(1) || 'sha256:' || encode(sha256(convert_to(key, 'UTF8')), 'hex') end as key,
    document
  from (${readFileSync(join(import.meta.dirname, `${view}.sql`), 'utf8')}) unkeyed`

/** What the documents of a view must be: record key -> JSON text as Postgres prints it. */
export const expectedDocuments = async (
  database: Pick<OpenDatabase, 'query'>,
  view: RetailView,
): Promise<ReadonlyMap<string, string>> => {
  const rows = await database.query<{ key: string; document: string }>(oracleSql(view))
  return new Map(rows.map(({ key, document }) => [key, document]))
}

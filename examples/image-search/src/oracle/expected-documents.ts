import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestDatabase } from '@headrace/testkit'

const SQL = readFileSync(join(import.meta.dirname, 'image-enriched.sql'), 'utf8')

/** Only what is asked of the database, so that the demo can hand in a connection of its own. */
export type Queryable = Pick<TestDatabase, 'query'>

/** What the documents of image_enriched must be, by hand-written SQL: key -> JSON text as Postgres prints it in a UTC session. */
export const expectedDocuments = async (database: Queryable): Promise<ReadonlyMap<string, string>> => {
  const rows = await database.query<{ key: string; document: string }>(SQL)
  return new Map(rows.map(({ key, document }) => [key, document]))
}

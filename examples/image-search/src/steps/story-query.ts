import { exactJsonText } from '@headrace/testkit'
import type { Queryable } from '../oracle/expected-documents.ts'
import type { Screen } from '../screen/screen.ts'
import type { SearchClient } from '../search-client.ts'

/** What users of the example ask, and the same in SQL. */
export const STORY_QUERY = 'width >= 300 and height >= 200 and metadata.timeofday = "night"'
const STORY_SQL = `select id::text as key from image where width >= 300 and height >= 200 and metadata ->> 'timeofday' = 'night'`

const SHOWN = 8

export interface StoryHits {
  readonly search: number
  readonly sql: number
  /** Keys that only one of both has. */
  readonly different: number
}

const part = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined

const cell = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '-' : exactJsonText(value)

const counts = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? Object.entries(value)
        .map(([name, count]) => `${name} ${cell(count)}`)
        .join(', ')
    : ''

/** Asks the search API and shows the first hits, then holds the whole set against SQL. */
export const askStory = async (
  client: SearchClient,
  database: Queryable,
  screen: Screen,
): Promise<StoryHits> => {
  const { total, hits, tookMs } = await client.search(STORY_QUERY, { size: SHOWN })
  screen.title(STORY_QUERY)
  screen.table(
    ['key', 'size', 'time of day', 'weather', 'city', 'annotations'],
    hits.map(({ key, document }) => [
      key,
      `${cell(document['width'])} x ${cell(document['height'])}`,
      cell(part(document['metadata'], 'timeofday')),
      cell(part(document['metadata'], 'weather')),
      cell(part(document['metadata'], 'city')),
      counts(part(document['annotations_search'], 'class_count')),
    ]),
  )
  screen.note(`  ${total} hits, ${hits.length} shown, answered in ${tookMs.toFixed(0)} ms`)
  const found = await client.allKeys(STORY_QUERY)
  const wanted = new Set((await database.query<{ key: string }>(STORY_SQL)).map(({ key }) => key))
  const different =
    [...found].filter(key => !wanted.has(key)).length + [...wanted].filter(key => !found.has(key)).length
  return { search: found.size, sql: wanted.size, different }
}

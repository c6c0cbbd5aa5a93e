import type { Queryable } from '../oracle/expected-documents.ts'
import type { Screen } from '../screen/screen.ts'
import type { Client, SearchHit } from '../sdk/index.ts'

/** What users of the example ask. */
export const STORY_QUERY = `width >= 300 and height >= 200 and metadata.timeofday = "night"
  and annotations_search.class_count.car > 0
  and annotations[metadata.occluded = true]`

/** The same by hand, on the tables. */
const STORY_SQL = `
  select i.id::text as key from image i
  where i.width >= 300 and i.height >= 200 and i.metadata ->> 'timeofday' = 'night'
    and exists (
      select from annotation a
      where a.image_id = i.id and a.deleted_at is null and a.annotation_class = 'car'
    )
    and exists (
      select from annotation a
      where a.image_id = i.id and a.deleted_at is null and a.metadata -> 'occluded' = 'true'
    )`

const SHOWN = 8
const WIDTH = 110

export interface StoryHits {
  readonly search: number
  readonly sql: number
  /** Keys that only one of both has. */
  readonly different: number
}

/** The part of a document that is shown. */
interface Shown {
  readonly width: number
  readonly height: number
  readonly metadata: { readonly weather?: string }
  readonly annotations: readonly { readonly metadata: { readonly occluded?: boolean } }[]
  readonly slices: readonly { readonly slice_name: string | null }[]
  readonly annotations_search: {
    readonly count: number
    readonly class_count: Readonly<Record<string, number>>
  }
}

const first = (texts: readonly string[], count: number): string =>
  texts.length > count ? `${texts.slice(0, count).join(', ')}, ...` : texts.join(', ')

const cells = ({ key, document }: SearchHit): readonly string[] => {
  const { width, height, metadata, annotations, slices, annotations_search } = document as unknown as Shown
  const classes = Object.entries(annotations_search.class_count).sort(([, a], [, b]) => b - a)
  return [
    key,
    `${width} x ${height}`,
    metadata.weather ?? '',
    first(
      classes.map(([name, count]) => `${name} ${count}`),
      3,
    ),
    String(annotations.filter(({ metadata: { occluded } }) => occluded === true).length),
    first(
      slices.map(({ slice_name }) => slice_name ?? ''),
      2,
    ),
  ]
}

/** One line per part, long ones cut: four tables in one document. */
const documentLines = (document: SearchHit['document']): readonly string[] =>
  ['metadata', 'annotations', 'slices', 'annotations_search'].map(name => {
    const text = `"${name}": ${JSON.stringify(document[name])}`
    return text.length > WIDTH ? `${text.slice(0, WIDTH - 4)} ...` : text
  })

/** Asks the search API and shows the first hits, then holds the whole set against SQL. */
export const askStory = async (client: Client, database: Queryable, screen: Screen): Promise<StoryHits> => {
  screen.title(STORY_QUERY)
  const began = performance.now()
  const { total, hits } = await client.search(STORY_QUERY, { size: SHOWN })
  const took = performance.now() - began
  screen.table(['image', 'size', 'weather', 'annotations', 'occluded', 'slices'], hits.map(cells))
  screen.note(
    `  ${total} hits, ${hits.length} shown, answered in ${took.toFixed(0)} ms; one of the documents:`,
  )
  const [one] = hits.filter(({ document }) => (document as unknown as Shown).slices.length > 1)
  for (const line of one === undefined ? [] : documentLines(one.document)) screen.line(`    ${line}`)
  const found = new Set<string>()
  for await (const { key } of client.searchAll(STORY_QUERY, { fields: ['id'] })) found.add(key)
  const wanted = new Set((await database.query<{ key: string }>(STORY_SQL)).map(({ key }) => key))
  const different =
    [...found].filter(key => !wanted.has(key)).length + [...wanted].filter(key => !found.has(key)).length
  if (different === 0) screen.good(`the same ${wanted.size} images as hand-written SQL finds`)
  else screen.bad(`${different} images are not among both hits and SQL's rows`)
  return { search: found.size, sql: wanted.size, different }
}

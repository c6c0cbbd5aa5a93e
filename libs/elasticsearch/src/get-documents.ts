import { JsonCursor } from '@headrace/wire'
import type { Elasticsearch } from './connection.ts'
import { type Hit, rawMembers, readHit } from './read-hits.ts'

/**
 * Documents of these keys as they were acknowledged last, refreshed or not; a key without a document is not in the map.
 * `target`: an index, or an alias of one. `verbatim`: stored field with the text of documents whose numbers `_source` does not keep.
 */
export const getDocuments = async (
  elasticsearch: Elasticsearch,
  target: string,
  keys: readonly string[],
  verbatim: string,
): Promise<ReadonlyMap<string, Hit>> => {
  if (keys.length === 0) return new Map()
  const { text } = await elasticsearch.send({
    method: 'POST',
    path: `/${encodeURIComponent(target)}/_mget`,
    query: { realtime: true, _source: true, stored_fields: verbatim },
    body: JSON.stringify({ ids: keys }),
  })
  const found = new Map<string, Hit>()
  const cursor = new JsonCursor(rawMembers(new JsonCursor(text)).get('docs') ?? '[]')
  cursor.array(() => {
    cursor.skipSpace()
    const start = cursor.at
    cursor.skipValue()
    const hit = readHit(cursor.text.slice(start, cursor.at), verbatim)
    if (hit.source !== undefined) found.set(hit.key, hit)
  })
  return found
}

/** Keys of about `size` documents (at most 10,000) by chance; only what searches see. */
export const sampleKeys = async (
  elasticsearch: Elasticsearch,
  target: string,
  size: number,
): Promise<readonly string[]> => {
  const { body } = await elasticsearch.json<{
    readonly hits: { readonly hits: readonly { readonly _id: string }[] }
  }>({
    method: 'POST',
    path: `/${encodeURIComponent(target)}/_search`,
    body: JSON.stringify({
      size: Math.min(size, 10_000),
      _source: false,
      track_total_hits: false,
      query: { function_score: { query: { match_all: {} }, random_score: {}, boost_mode: 'replace' } },
    }),
  })
  return body.hits.hits.map(hit => hit._id)
}

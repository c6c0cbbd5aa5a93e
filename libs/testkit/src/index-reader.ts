import { exactJsonText, parseExactJson } from './exact-json.ts'

/** Documents of an index or alias, read past the search service: key (`_id`) -> JSON text with all digits. */
export type IndexedDocuments = ReadonlyMap<string, string>

/** Stored text of a document whose numbers `_source` would not keep (libs/search-model). */
const VERBATIM = '_x.verbatim'

interface Found {
  readonly _id: string
  readonly _source: unknown
  readonly fields?: Readonly<Record<string, readonly string[]>>
  readonly sort: unknown
}

interface Page {
  readonly hits: { readonly hits: readonly Found[] }
}

const PAGE = 2_000

const call = async (method: string, url: string, body?: string): Promise<string> => {
  const init =
    body === undefined ? { method } : { method, headers: { 'content-type': 'application/json' }, body }
  const response = await fetch(url, init)
  const text = await response.text()
  if (!response.ok)
    throw new Error(
      `Elasticsearch answered ${response.status} to ${method} ${new URL(url).pathname}: ${text.slice(0, 500)}`,
    )
  return text
}

/** Makes what was written visible, then reads everything from one point in time. */
export const readIndex = async (elasticsearchUrl: string, index: string): Promise<IndexedDocuments> => {
  await call('POST', `${elasticsearchUrl}/${index}/_refresh`)
  const opened = JSON.parse(await call('POST', `${elasticsearchUrl}/${index}/_pit?keep_alive=1m`)) as {
    id: string
  }
  const documents = new Map<string, string>()
  try {
    for (let after = ''; ;) {
      const body = `{"size":${PAGE},"pit":{"id":"${opened.id}","keep_alive":"1m"},"sort":[{"_shard_doc":"asc"}],"_source":true,"stored_fields":["${VERBATIM}"]${after}}`
      const page = parseExactJson(await call('POST', `${elasticsearchUrl}/_search`, body)) as Page
      const { hits } = page.hits
      for (const { _id, _source, fields } of hits)
        documents.set(_id, fields?.[VERBATIM]?.[0] ?? exactJsonText(_source))
      const last = hits.at(-1)
      if (last === undefined) return documents
      after = `,"search_after":${exactJsonText(last.sort)}`
    }
  } finally {
    await call('DELETE', `${elasticsearchUrl}/_pit`, JSON.stringify({ id: opened.id }))
  }
}

/** Number of visible documents; 0 while there is no such index or alias. */
export const countIndex = async (elasticsearchUrl: string, index: string): Promise<number> => {
  const response = await fetch(`${elasticsearchUrl}/${index}/_count`)
  if (response.status === 404) {
    await response.body?.cancel()
    return 0
  }
  return ((await response.json()) as { count?: number }).count ?? 0
}

/** Removes all indices of a view (alias or index names `<view>-*`). */
export const dropIndices = async (elasticsearchUrl: string, view: string): Promise<void> => {
  const found = JSON.parse(
    await call('GET', `${elasticsearchUrl}/_cat/indices/${view}-*?format=json&h=index`),
  ) as { index: string }[]
  for (const { index } of found) await call('DELETE', `${elasticsearchUrl}/${index}`)
}

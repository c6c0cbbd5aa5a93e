import { parseExactJson } from '@headrace/testkit'

export interface SearchHit {
  readonly key: string
  /** Numbers are kept exact: a LosslessNumber of lossless-json each. */
  readonly document: Readonly<Record<string, unknown>>
}

export interface SearchAnswer {
  readonly total: number
  readonly hits: readonly SearchHit[]
  /** Where the next page begins; absent after the last. */
  readonly cursor: string | undefined
  /** Of the whole call, in ms. */
  readonly tookMs: number
}

/** Asks the search API as any user of it would. */
export class SearchClient {
  readonly #url: string

  constructor(searchUrl: string, view: string) {
    this.#url = `${searchUrl}/v1/views/${view}/search`
  }

  async search(
    query: string,
    options: { readonly size?: number; readonly cursor?: string | undefined } = {},
  ): Promise<SearchAnswer> {
    const { size = 10, cursor } = options
    const began = performance.now()
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, size, total: true, ...(cursor === undefined ? {} : { cursor }) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`the search API answered ${response.status}: ${text.slice(0, 500)}`)
    const answer = parseExactJson(text) as {
      total: unknown
      hits: readonly SearchHit[]
      cursor?: string | null
    }
    return {
      total: Number(answer.total),
      hits: answer.hits,
      cursor: answer.cursor ?? undefined,
      tookMs: performance.now() - began,
    }
  }

  /** Keys of all hits, page by page. */
  async allKeys(query: string): Promise<ReadonlySet<string>> {
    const keys = new Set<string>()
    for (let cursor: string | undefined; ;) {
      const page = await this.search(query, { size: 500, cursor })
      for (const { key } of page.hits) keys.add(key)
      if (page.cursor === undefined || page.hits.length === 0) return keys
      cursor = page.cursor
    }
  }
}

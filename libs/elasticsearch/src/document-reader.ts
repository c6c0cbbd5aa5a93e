import { HeadraceError } from '@headrace/errors'
import type { Elasticsearch } from './connection.ts'
import { type Hit, readHit, readSearchAnswer, type SearchAnswer } from './read-hits.ts'

/** Names in the index that reading needs; libs/search-model has them. */
export interface ReaderFields {
  /** Stored field with the text of documents whose numbers `_source` does not keep. */
  readonly verbatim: string
  /** Keyword field with the key. */
  readonly key: string
}

/** Reads documents through a view's alias or an index. An alias that is not there yet throws `elasticsearch.index_missing`. */
export class DocumentReader {
  readonly #elasticsearch: Elasticsearch
  readonly #fields: ReaderFields

  constructor(elasticsearch: Elasticsearch, fields: ReaderFields) {
    this.#elasticsearch = elasticsearch
    this.#fields = fields
  }

  /** `body` is JSON text of a search request. */
  async search(
    target: string,
    body: string,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<SearchAnswer> {
    const { text } = await this.#elasticsearch.send({
      method: 'POST',
      path: `/${encodeURIComponent(target)}/_search`,
      body,
      ...options,
    })
    return readSearchAnswer(text, this.#fields.verbatim)
  }

  /** The document with a key as it was acknowledged last, refreshed or not. Undefined: none. */
  async get(target: string, key: string): Promise<Hit | undefined> {
    const { status, text } = await this.#elasticsearch.send({
      method: 'GET',
      path: `/${encodeURIComponent(target)}/_doc/${encodeURIComponent(key)}`,
      query: { stored_fields: this.#fields.verbatim, _source: true },
      accept: [404],
    })
    if (status !== 404) return readHit(text, this.#fields.verbatim)
    if (text.includes('index_not_found_exception'))
      throw new HeadraceError('elasticsearch.index_missing', `there is no index ${target}`)
    return undefined
  }

  /** All documents of an index in the order of their keys' bytes, stubs included, as they stand when the scan begins. */
  async *scan(target: string, pageSize = 1_000): AsyncGenerator<Hit> {
    const pit = await this.#openPit(target)
    try {
      for (let after: readonly string[] | undefined; ;) {
        const page = await this.#page(pit, pageSize, after)
        yield* page.hits
        after = page.hits.at(-1)?.sort
        if (after === undefined || page.hits.length < pageSize) return
      }
    } finally {
      await this.#elasticsearch.send({
        method: 'DELETE',
        path: '/_pit',
        body: JSON.stringify({ id: pit }),
        accept: [404],
      })
    }
  }

  async #openPit(target: string): Promise<string> {
    const { body } = await this.#elasticsearch.json<{ readonly id: string }>({
      method: 'POST',
      path: `/${encodeURIComponent(target)}/_pit`,
      query: { keep_alive: '2m' },
    })
    return body.id
  }

  async #page(pit: string, size: number, after: readonly string[] | undefined): Promise<SearchAnswer> {
    const body = JSON.stringify({
      size,
      pit: { id: pit, keep_alive: '2m' },
      sort: [{ [this.#fields.key]: 'asc' }],
      version: true,
      _source: true,
      stored_fields: [this.#fields.verbatim],
      track_total_hits: false,
    })
    const text = after === undefined ? body : `${body.slice(0, -1)},"search_after":[${after.join(',')}]}`
    const answer = await this.#elasticsearch.send({ method: 'POST', path: '/_search', body: text })
    return readSearchAnswer(answer.text, this.#fields.verbatim)
  }
}

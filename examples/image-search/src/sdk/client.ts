import type { DatasetResource, ImageResource, NewDataset } from '../api/resources.ts'
import { Dataset } from './dataset.ts'
import { createHttp, type Http } from './http.ts'
import { Image } from './image.ts'

export interface ClientOptions {
  /** Address of the dataset API. */
  readonly url: string
  /** Address of the search API; without it `search` cannot be used. */
  readonly searchUrl?: string
  /** Default image_enriched. */
  readonly view?: string
  /** Of one request; default 30,000. */
  readonly timeoutMs?: number
  /** Instead of the global one. */
  readonly fetch?: typeof fetch
}

export interface SearchOptions {
  /** Hits per page, up to 1,000; default 20. */
  readonly size?: number
  /** From the answer before. */
  readonly cursor?: string
  /** Fields such as `created_at`; "-" in front for descending. */
  readonly sort?: readonly string[]
  /** Top-level fields of the document; default all. */
  readonly fields?: readonly string[]
}

export interface SearchHit {
  /** The image's id as text. */
  readonly key: string
  readonly document: Readonly<Record<string, unknown>>
}

export interface SearchResult {
  /** Of all pages. */
  readonly total: number
  readonly hits: readonly SearchHit[]
  /** Absent after the last page. */
  readonly cursor?: string
}

export class Client {
  private readonly http: Http
  private readonly searchHttp: Http | undefined
  private readonly view: string

  constructor(options: ClientOptions) {
    const { url, searchUrl, view = 'image_enriched', ...rest } = options
    this.http = createHttp({ ...rest, url })
    this.searchHttp = searchUrl === undefined ? undefined : createHttp({ ...rest, url: searchUrl })
    this.view = view
  }

  async createDataset(dataset: NewDataset | string): Promise<Dataset> {
    const body = typeof dataset === 'string' ? { name: dataset } : dataset
    return new Dataset(this.http, await this.http.send('POST', '/v1/datasets', body))
  }

  async dataset(id: number): Promise<Dataset> {
    return new Dataset(this.http, await this.http.send('GET', `/v1/datasets/${id}`))
  }

  /** The oldest thousand. */
  async datasets(): Promise<readonly Dataset[]> {
    const answer = await this.http.send<{ datasets: readonly DatasetResource[] }>('GET', '/v1/datasets')
    return answer.datasets.map(data => new Dataset(this.http, data))
  }

  async image(id: number): Promise<Image> {
    return new Image(this.http, await this.http.send<ImageResource>('GET', `/v1/images/${id}`))
  }

  /** One page, e.g. `search('width >= 300 and annotations[annotation_class = "car"]')`. The index follows within a moment. */
  async search(query: string, options: SearchOptions = {}): Promise<SearchResult> {
    if (this.searchHttp === undefined) throw new TypeError('createClient got no searchUrl')
    const path = `/v1/views/${encodeURIComponent(this.view)}/search`
    const { cursor, ...answer } = await this.searchHttp.send<
      Omit<SearchResult, 'cursor'> & { readonly cursor?: string | null }
    >('POST', path, { query, total: true, ...options })
    return { ...answer, ...(typeof cursor === 'string' ? { cursor } : {}) }
  }

  /** Every hit, page after page. */
  async *searchAll(query: string, options: Omit<SearchOptions, 'cursor'> = {}): AsyncGenerator<SearchHit> {
    for (let cursor: string | undefined; ;) {
      const page = await this.search(query, {
        size: 500,
        ...options,
        ...(cursor === undefined ? {} : { cursor }),
      })
      yield* page.hits
      cursor = page.cursor
      if (cursor === undefined || page.hits.length === 0) return
    }
  }
}

export const createClient = (options: ClientOptions): Client => new Client(options)

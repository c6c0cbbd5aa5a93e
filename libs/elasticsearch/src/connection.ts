import { Client, type ClientOptions } from '@elastic/elasticsearch'
import { HeadraceError } from '@headrace/errors'
import type { Secret } from '@headrace/runtime'
import { elasticsearchFault } from './faults.ts'
import { RawSerializer } from './raw-serializer.ts'

export interface ElasticsearchConnection {
  /** http(s)://host:port */
  readonly url: string
  readonly username?: string
  readonly password?: Secret
  /** Instead of user and password. */
  readonly apiKey?: Secret
  /** PEM text of the authority that signed the server's certificate. */
  readonly ca?: string
  /** Default 30,000 ms. */
  readonly requestTimeoutMs?: number
}

export interface ElasticsearchRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  /** Names in it are encoded by the caller. */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean>>
  /** JSON text. */
  readonly body?: string
  /** NDJSON text, instead of `body`. */
  readonly lines?: string
  /** Statuses >= 400 that are an answer, not an error. */
  readonly accept?: readonly number[]
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export interface ElasticsearchAnswer {
  readonly status: number
  /** The body as it came: numbers are never read through a float. */
  readonly text: string
}

const OLDEST_MAJOR = 8

const authOf = ({ username, password, apiKey }: ElasticsearchConnection): Pick<ClientOptions, 'auth'> => {
  if (apiKey !== undefined) return { auth: { apiKey: apiKey.reveal() } }
  if (username !== undefined) return { auth: { username, password: password?.reveal() ?? '' } }
  return {}
}

/** One cluster. The only door to the client: answers are texts, failures are errors of ours. */
export class Elasticsearch {
  readonly #client: Client
  readonly #url: string

  constructor(connection: ElasticsearchConnection) {
    this.#url = connection.url
    if (!/^https?:$/.test(URL.canParse(connection.url) ? new URL(connection.url).protocol : '')) {
      throw new HeadraceError('config.invalid', 'the address of Elasticsearch is no URL', {
        hint: 'It has the form http://host:port or https://host:port.',
      })
    }
    this.#client = new Client({
      node: connection.url,
      ...authOf(connection),
      ...(connection.ca === undefined ? {} : { tls: { ca: connection.ca } }),
      requestTimeout: connection.requestTimeoutMs ?? 30_000,
      // who calls decides what may be repeated
      maxRetries: 0,
      enableMetaHeader: false,
      Serializer: RawSerializer,
    })
  }

  /** Throws `elasticsearch.*`; an aborted request throws the signal's reason. */
  async send(request: ElasticsearchRequest): Promise<ElasticsearchAnswer> {
    const { method, path, query, body, lines, accept = [], timeoutMs, signal } = request
    try {
      const { statusCode, body: text } = await this.#client.transport.request(
        {
          method,
          path,
          ...(query === undefined ? {} : { querystring: { ...query } }),
          ...(body === undefined ? {} : { body }),
          ...(lines === undefined ? {} : { bulkBody: lines }),
        },
        {
          meta: true,
          // said here because the client takes a text for text/plain; plain JSON is understood by every major version
          headers: {
            accept: 'application/json',
            'content-type': lines === undefined ? 'application/json' : 'application/x-ndjson',
          },
          ignore: [...accept],
          ...(timeoutMs === undefined ? {} : { requestTimeout: timeoutMs }),
          ...(signal === undefined ? {} : { signal }),
        },
      )
      return { status: statusCode ?? 0, text: typeof text === 'string' ? text : '' }
    } catch (error) {
      signal?.throwIfAborted()
      throw elasticsearchFault(error, `${method} ${path.split('?')[0] ?? ''} at ${this.#host()}`)
    }
  }

  /** The answer's JSON, for answers without data of users. */
  async json<T>(request: ElasticsearchRequest): Promise<{ readonly status: number; readonly body: T }> {
    const { status, text } = await this.send(request)
    return { status, body: (text === '' ? {} : JSON.parse(text)) as T }
  }

  /** Refuses servers that are too old. `info()` is not asked: slim distributions lack it (07 O0c). */
  async checkVersion(signal?: AbortSignal): Promise<string> {
    const { body } = await this.json<{
      readonly nodes?: Readonly<Record<string, { readonly version: string }>>
    }>({
      method: 'GET',
      path: '/_nodes',
      query: { filter_path: 'nodes.*.version' },
      ...(signal === undefined ? {} : { signal }),
    })
    const versions = Object.values(body.nodes ?? {}).map(({ version }) => version)
    const old = versions.find(version => Number(version.split('.')[0]) < OLDEST_MAJOR)
    if (old !== undefined) {
      throw new HeadraceError(
        'elasticsearch.unfit',
        `a node runs Elasticsearch ${old}; 8.0 or newer is needed`,
        { where: this.#host() },
      )
    }
    return versions[0] ?? 'unknown'
  }

  /** Resolves while the cluster answers. */
  async checkHealth(signal?: AbortSignal): Promise<string> {
    const { body } = await this.json<{ readonly status: string }>({
      method: 'GET',
      path: '/_cluster/health',
      query: { filter_path: 'status' },
      timeoutMs: 5_000,
      ...(signal === undefined ? {} : { signal }),
    })
    return body.status
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  /** The address without credentials. */
  #host(): string {
    return URL.canParse(this.#url) ? new URL(this.#url).host : 'an address that is no URL'
  }
}

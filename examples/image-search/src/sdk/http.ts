/** What servers say about a failed request. */
interface ErrorText {
  readonly code?: string
  readonly message?: string
  readonly details?: readonly ErrorDetail[]
  readonly position?: ErrorPosition
  readonly nearest?: readonly string[]
}

/** One mistake in a request: `path` like `/images/3/width`. */
export interface ErrorDetail {
  readonly path: string
  readonly message: string
}

/** Where a query is wrong; lines and columns count from 1. */
export type ErrorPosition = { readonly line: number; readonly column: number } | { readonly path: string }

/** Mistake in a request, or trouble of the server. */
export class ApiError extends Error {
  /** HTTP status; 0 = no answer. */
  readonly status: number
  /** `invalid_request`, `not_found`, `conflict`, `internal`, `unreachable`, `unexpected`, or a code of the search API. */
  readonly code: string
  /** Each mistake of an invalid request. */
  readonly details: readonly ErrorDetail[]
  /** Of a query. */
  readonly position: ErrorPosition | undefined
  /** Names that were perhaps meant in a query. */
  readonly nearest: readonly string[]

  constructor(
    status: number,
    { code = 'unexpected', message, details = [], position, nearest = [] }: ErrorText,
    cause?: unknown,
  ) {
    super(message ?? `the server answered ${status}`, cause === undefined ? undefined : { cause })
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.details = details
    this.position = position
    this.nearest = nearest
  }
}

/** Requests to one server. */
export interface Http {
  send<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T>
}

export interface HttpOptions {
  readonly url: string
  /** Default 30,000. */
  readonly timeoutMs?: number
  /** Instead of the global one. */
  readonly fetch?: typeof fetch
}

const parsed = (text: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

const errorOf = (status: number, body: unknown): ApiError =>
  new ApiError(status, (body as { readonly error?: ErrorText } | undefined)?.error ?? {})

export const createHttp = ({ url, timeoutMs = 30_000, fetch: send = fetch }: HttpOptions): Http => {
  const base = url.replace(/\/+$/, '')
  return {
    send: async <T>(method: string, path: string, body?: unknown): Promise<T> => {
      let response: Response
      let text: string
      try {
        response = await send(`${base}${path}`, {
          method,
          signal: AbortSignal.timeout(timeoutMs),
          ...(body === undefined
            ? {}
            : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
        })
        text = await response.text()
      } catch (error) {
        throw new ApiError(0, { code: 'unreachable', message: `${base} did not answer` }, error)
      }
      const answer = parsed(text)
      if (!response.ok) throw errorOf(response.status, answer)
      return answer as T
    },
  }
}

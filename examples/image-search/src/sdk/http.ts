/** Mistake in a request, or trouble of the server. */
export class ApiError extends Error {
  /** HTTP status; 0 = no answer. */
  readonly status: number
  /** `invalid_request`, `not_found`, `conflict`, `internal`, `unreachable`, or a code of the search API. */
  readonly code: string
  /** Each mistake of an invalid request. */
  readonly details: readonly { readonly path: string; readonly message: string }[]

  constructor(status: number, code: string, message: string, details: ApiError['details'], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.details = details
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

interface ErrorBody {
  readonly error?: {
    readonly code?: string
    readonly message?: string
    readonly details?: ApiError['details']
  }
}

const parsed = (text: string): unknown => {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

const errorOf = (status: number, body: unknown): ApiError => {
  const {
    code = 'unexpected',
    message = `the server answered ${status}`,
    details = [],
  } = (body as ErrorBody | undefined)?.error ?? {}
  return new ApiError(status, code, message, details)
}

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
        throw new ApiError(0, 'unreachable', `${base} did not answer`, [], error)
      }
      const answer = parsed(text)
      if (!response.ok) throw errorOf(response.status, answer)
      return answer as T
    },
  }
}

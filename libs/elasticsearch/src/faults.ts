import { errors } from '@elastic/elasticsearch'
import { HeadraceError } from '@headrace/errors'

/** `error` of an answer or of a bulk item. */
export interface ServerError {
  readonly type?: string
  readonly reason?: string
}

const TOO_LARGE = 413
/** Statuses after which the same request may succeed. */
const BUSY = new Set([408, 413, 429, 500, 502, 503, 504])

/** The operator lifts a block (a full disk) and opens an index that is closed (a restore in place): no document is to blame. */
const LIFTED = new Set(['cluster_block_exception', 'index_closed_exception'])

export const isPassing = (status: number, { type = '' }: ServerError): boolean =>
  BUSY.has(status) || LIFTED.has(type)

/** Type and reason in one line, without the values that Elasticsearch quotes from documents. */
export const plainReason = ({ type = 'error', reason = '' }: ServerError): string => {
  const cut = reason
    .replace(/\.? ?Preview of field's value:.*$/s, '')
    .replace(/For input string:.*$/s, '')
    .replace(/with id '.*?'(?=[.,]|$)/gs, '')
  return `${type}: ${cut.slice(0, 400).trim()}`
}

const serverErrorOf = (body: unknown): ServerError => {
  try {
    const parsed = (typeof body === 'string' ? JSON.parse(body) : body) as {
      readonly error?: ServerError | string
    } | null
    const error = parsed?.error
    return typeof error === 'string' ? { reason: error } : (error ?? {})
  } catch {
    return {}
  }
}

const ofResponse = (error: errors.ResponseError, where: string): HeadraceError => {
  const status = error.statusCode ?? 0
  const server = serverErrorOf(error.body)
  const message = `Elasticsearch answered ${status}: ${plainReason(server)}`
  const details = { where }
  if (status === TOO_LARGE) return new HeadraceError('elasticsearch.request_too_large', message, details)
  if (isPassing(status, server)) return new HeadraceError('elasticsearch.unreachable', message, details)
  if (status === 401 || status === 403)
    return new HeadraceError('elasticsearch.unauthorised', message, details)
  if (server.type === 'index_not_found_exception')
    return new HeadraceError('elasticsearch.index_missing', message, details)
  if (server.type === 'invalid_alias_name_exception')
    return new HeadraceError('elasticsearch.alias_taken', message, details)
  return new HeadraceError('elasticsearch.refused', message, details)
}

/** What the client threw -> one of our errors (retryPolicy says what to do about it). */
export const elasticsearchFault = (error: unknown, where: string): unknown => {
  if (error instanceof errors.ResponseError) return ofResponse(error, where)
  if (error instanceof errors.ProductNotSupportedError) {
    return new HeadraceError('elasticsearch.unfit', 'the server at the address is no Elasticsearch', {
      where,
    })
  }
  if (
    error instanceof errors.ConnectionError ||
    error instanceof errors.TimeoutError ||
    error instanceof errors.NoLivingConnectionsError ||
    error instanceof errors.RequestAbortedError
  ) {
    return new HeadraceError('elasticsearch.unreachable', `Elasticsearch does not answer: ${error.message}`, {
      where,
      cause: error,
    })
  }
  return error
}

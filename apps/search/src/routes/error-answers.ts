import { codeOf, HeadraceError } from '@headrace/errors'
import type { FastifyInstance } from '@headrace/http'
import { type Place, QueryError } from '@headrace/search-model'
import { SearchError } from '../adapters/search-error.ts'

export interface ErrorAnswer {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly position?: Place
    readonly nearest?: readonly string[]
    readonly hint?: string
  }
}

const statusOf = (error: HeadraceError): number => {
  if (error instanceof SearchError) return error.status
  return { reject: 400, retry: 503, restart: 500, stop: 500 }[error.entry.recovery]
}

const answerOf = (error: HeadraceError): ErrorAnswer => {
  const place = error instanceof QueryError ? error.place : undefined
  const nearest = error instanceof QueryError || error instanceof SearchError ? error.nearest : []
  return {
    error: {
      code: error.code,
      message: error.message,
      ...(place === undefined ? {} : { position: place }),
      ...(nearest.length === 0 ? {} : { nearest }),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    },
  }
}

/** An index that is not there is a view that is not ready: its indexer makes it. */
const translated = (error: HeadraceError): HeadraceError => {
  if (error.code === 'elasticsearch.index_missing') {
    return new SearchError(
      503,
      'search.not_ready',
      'the view has no index yet',
      [],
      'Its indexer makes one as soon as the document topic is there.',
    )
  }
  if (error.code === 'elasticsearch.unreachable')
    return new SearchError(503, 'search.not_ready', 'Elasticsearch does not answer', [], 'Ask again shortly.')
  return error
}

/** Errors of the API as JSON: code, message, position in the query, nearest names. Others go to the server's own handler. */
export const errorAnswers = (server: FastifyInstance): void => {
  const { errorHandler } = server
  server.setErrorHandler((error, request, reply) => {
    if (!(error instanceof HeadraceError)) return errorHandler.call(server, error, request, reply)
    const known = translated(error)
    if (codeOf(known) === 'elasticsearch.refused' || known.entry.recovery === 'stop')
      return errorHandler.call(server, known, request, reply)
    return reply.status(statusOf(known)).send(answerOf(known))
  })
}

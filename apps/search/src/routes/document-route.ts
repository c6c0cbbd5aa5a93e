import type { DocumentReader } from '@headrace/elasticsearch'
import type { FastifyInstance } from '@headrace/http'
import { SearchError } from '../adapters/search-error.ts'
import type { ViewBook } from '../adapters/view-book.ts'
import type { Events } from '../events.ts'

export interface DocumentRouteOptions {
  readonly views: ViewBook
  readonly reader: DocumentReader
  readonly events: Events
}

/** `GET /v1/views/{view}/documents/{key}`: the document as it was indexed last, before it is refreshed for searches. */
export const documentRoute = (
  server: FastifyInstance,
  { views, reader, events }: DocumentRouteOptions,
): void => {
  server.get<{ Params: { view: string; key: string } }>(
    '/v1/views/:view/documents/:key',
    async ({ params }, reply) => {
      const { name } = views.find(params.view)
      const hit = await reader.get(name, params.key)
      events.fetched(name, hit !== undefined)
      if (hit?.source === undefined)
        throw new SearchError(404, 'search.document_unknown', `${name} has no document with this key`)
      return reply
        .type('application/json')
        .send(`{"key":${JSON.stringify(hit.key)},"version":${hit.version},"document":${hit.source}}`)
    },
  )
}

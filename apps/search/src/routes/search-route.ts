import type { DocumentReader, Hit, SearchAnswer } from '@headrace/elasticsearch'
import { codeOf } from '@headrace/errors'
import type { FastifyInstance } from '@headrace/http'
import {
  buildSearch,
  checkProjection,
  type DocumentShape,
  type FacetValue,
  type ParseLimits,
  readFacets,
} from '@headrace/search-model'
import { writeCursor } from '../adapters/cursor.ts'
import { project } from '../adapters/project.ts'
import { type Asked, readRequest } from '../adapters/read-request.ts'
import type { LiveIndex } from '../adapters/live-index.ts'
import type { ViewBook } from '../adapters/view-book.ts'
import type { Events } from '../events.ts'

export interface SearchRouteOptions {
  readonly views: ViewBook
  readonly reader: DocumentReader
  readonly live: LiveIndex
  readonly events: Events
  readonly limits: ParseLimits
  readonly pageSize: number
  readonly timeoutMs: number
}

/** `POST /v1/views/{view}/search`: docs/search.md has the language and the shapes. */
export const searchRoute = (
  server: FastifyInstance,
  { views, reader, live, events, limits, pageSize, timeoutMs }: SearchRouteOptions,
): void => {
  server.post<{ Params: { view: string }; Body: unknown }>(
    '/v1/views/:view/search',
    async ({ params, body }, reply) => {
      const view = views.find(params.view)
      const { name, shape } = view
      const begun = performance.now()
      try {
        const asked = readRequest(shape, body, { limits, pageSize, timeoutMs })
        const shown = asked.fields === undefined ? undefined : checkProjection(shape, asked.fields)
        await live.refuseMissing(view, asked.request)
        const answer = await reader.search(name, buildSearch(shape, asked.request).text, {
          timeoutMs: timeoutMs + 500,
        })
        events.searched(name, (performance.now() - begun) / 1_000)
        return await reply.type('application/json').send(answerText(shape, asked, answer, shown))
      } catch (error) {
        events.refused(name, codeOf(error))
        throw error
      }
    },
  )
}

const hitText = (
  { key, version, source, score, highlight }: Hit,
  shown: ReadonlySet<string> | undefined,
): string => {
  const document = source === undefined ? '{}' : shown === undefined ? source : project(source, shown)
  const rank = score === undefined ? '' : `,"score":${score}`
  const marked =
    Object.keys(highlight).length === 0 ? '' : `,"highlight":${JSON.stringify(withoutSubFields(highlight))}`
  return `{"key":${JSON.stringify(key)},"version":${version}${rank}${marked},"document":${document}}`
}

/** `caption.words` -> `caption`. */
const withoutSubFields = (highlight: Hit['highlight']): Hit['highlight'] =>
  Object.fromEntries(
    Object.entries(highlight).map(([field, parts]) => [field.slice(0, field.lastIndexOf('.')), parts]),
  )

/** The answer as text: documents go through as they are, digit by digit. */
const answerText = (
  shape: DocumentShape,
  asked: Asked,
  answer: SearchAnswer,
  shown: ReadonlySet<string> | undefined,
): string => {
  const { request, fingerprint } = asked
  const last = answer.hits.length === request.size ? answer.hits.at(-1) : undefined
  const facets: Readonly<Record<string, readonly FacetValue[]>> | undefined =
    request.facets.length === 0 ? undefined : readFacets(shape, request.facets, answer.aggregations)
  const members = [
    `"hits":[${answer.hits.map(hit => hitText(hit, shown)).join(',')}]`,
    `"total":${answer.total ?? null}`,
    `"cursor":${last === undefined ? null : JSON.stringify(writeCursor(fingerprint, last.sort))}`,
    `"tookMs":${answer.tookMs}`,
    ...(answer.timedOut ? ['"timedOut":true'] : []),
    ...(facets === undefined ? [] : [`"facets":${JSON.stringify(facets)}`]),
  ]
  return `{${members.join(',')}}`
}

import { setTimeout as sleep } from 'node:timers/promises'
import { DocumentReader, type Elasticsearch, ViewIndices } from '@headrace/elasticsearch'
import type { FastifyInstance } from '@headrace/http'
import type { Pipeline } from '@headrace/pipeline'
import type { Health } from '@headrace/runtime'
import { KEY_FIELD, type ParseLimits, VERBATIM_FIELD } from '@headrace/search-model'
import { LiveIndex } from './adapters/live-index.ts'
import { ViewBook } from './adapters/view-book.ts'
import type { Events } from './events.ts'
import { documentRoute } from './routes/document-route.ts'
import { errorAnswers } from './routes/error-answers.ts'
import { searchRoute } from './routes/search-route.ts'
import { viewRoutes } from './routes/view-routes.ts'

export interface SearchOptions {
  readonly pipeline: Pipeline
  readonly elasticsearch: Elasticsearch
  readonly events: Events
  readonly limits: ParseLimits
  readonly pageSize: number
  readonly timeoutMs: number
}

/** The routes of the API, for libs/http's server. */
export const createSearch = ({
  pipeline,
  elasticsearch,
  events,
  limits,
  pageSize,
  timeoutMs,
}: SearchOptions): ((server: FastifyInstance) => void) => {
  const views = new ViewBook(pipeline)
  const reader = new DocumentReader(elasticsearch, { verbatim: VERBATIM_FIELD, key: KEY_FIELD })
  const live = new LiveIndex(new ViewIndices(elasticsearch))
  return server => {
    // a scope of its own: probes keep the server's plain errors
    void server.register((scope, _options, done) => {
      errorAnswers(scope)
      viewRoutes(scope, views)
      documentRoute(scope, { views, reader, events })
      searchRoute(scope, { views, reader, live, events, limits, pageSize, timeoutMs })
      done()
    })
  }
}

const LOOK_EVERY_MS = 2_000

/** Ready while Elasticsearch answers; until the signal fires. */
export const watchElasticsearch = async (
  {
    elasticsearch,
    health,
    events,
  }: { readonly elasticsearch: Elasticsearch; readonly health: Health; readonly events: Events },
  signal: AbortSignal,
): Promise<void> => {
  let away: boolean | undefined
  while (!signal.aborted) {
    try {
      await elasticsearch.checkHealth(signal)
      if (away !== false) events.elasticsearchBack()
      away = false
      health.ready()
    } catch (error) {
      if (signal.aborted) break
      if (away !== true) events.elasticsearchAway(error instanceof Error ? error.message : String(error))
      away = true
      health.notReady('Elasticsearch does not answer')
    }
    health.turned()
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
  health.notReady('draining')
}

import type { ErrorCode } from '@headrace/errors'
import type { Logger, Metrics } from '@headrace/telemetry'

/** Everything the search API tells: log line and metric together. Queries and documents are never logged. */
export const createEvents = (log: Logger, metrics: Metrics) => {
  const searches = metrics.counter({
    name: 'searches_total',
    help: 'Searches by how they ended.',
    labels: ['view', 'outcome'],
  })
  const seconds = metrics.histogram({
    name: 'search_seconds',
    help: 'Duration of searches that were answered.',
    labels: ['view'],
  })
  const gets = metrics.counter({
    name: 'document_gets_total',
    help: 'Documents asked for by key.',
    labels: ['view', 'outcome'],
  })
  return {
    searched: (view: string, duration: number) => {
      searches.inc({ view, outcome: 'ok' })
      seconds.observe({ view }, duration)
    },
    refused: (view: string, code: ErrorCode) => {
      const bad = code.startsWith('query.') || code === 'search.cursor_invalid'
      searches.inc({ view, outcome: bad ? 'refused' : 'failed' })
      if (!bad) log.warn({ view, code }, 'a search failed')
    },
    fetched: (view: string, found: boolean) => gets.inc({ view, outcome: found ? 'found' : 'absent' }),
    elasticsearchAway: (error: string) => log.warn({ error }, 'Elasticsearch does not answer'),
    elasticsearchBack: () => log.info({}, 'Elasticsearch answers'),
  }
}

export type Events = ReturnType<typeof createEvents>

import type { ServiceStatus } from './service-process.ts'

const TIMEOUT_MS = 1_000

/** undefined: no answer, or not the one hoped for. */
export const fetchText = async (url: string, init: RequestInit = {}): Promise<string | undefined> => {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
    return response.ok ? await response.text() : undefined
  } catch {
    return undefined
  }
}

/** Sum of all samples of the metrics whose name ends in `suffix`, in Prometheus' text format; undefined when there is none. */
export const sumOfMetric = (text: string, suffix: string): number | undefined => {
  let sum: number | undefined
  for (const line of text.split('\n')) {
    const [, name, value] = /^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})?\s+(\S+)/.exec(line) ?? []
    if (name?.endsWith(suffix) === true && value !== undefined) sum = (sum ?? 0) + Number(value)
  }
  return sum
}

const ROWS = /^\w*_snapshot_rows_(done|total)\{[^}]*table="([^"]*)"[^}]*\}\s+(\S+)/gm
const BAR_WIDTH = 10

/** What capture's first load has still to do: a bar for each table that is not through, from its metrics. The total is an estimate. */
export const loadBars = (metrics: string): readonly string[] => {
  const tables = new Map<string, { done: number; total: number }>()
  for (const [, which, table = '', value] of metrics.matchAll(ROWS)) {
    const rows = tables.get(table) ?? { done: 0, total: 0 }
    rows[which === 'done' ? 'done' : 'total'] = Number(value)
    tables.set(table, rows)
  }
  return [...tables]
    .filter(([, { done, total }]) => done < total)
    .map(([table, { done, total }]) => {
      const filled = Math.floor((done / total) * BAR_WIDTH)
      const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
      return `loading ${table} ${bar} ${done.toLocaleString('en')} of about ${total.toLocaleString('en')} rows`
    })
}

const documentsOf = async (searchUrl: string | undefined, view: string): Promise<string> => {
  if (searchUrl === undefined) return '?'
  const text = await fetchText(`${searchUrl}/v1/views/${encodeURIComponent(view)}/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ size: 1 }),
  })
  const total = text === undefined ? undefined : (JSON.parse(text) as { total?: number }).total
  return total === undefined ? '?' : total.toLocaleString('en')
}

/** One line: documents per view, records that wait per service, services that are not ready. */
export const readLag = async (
  views: readonly string[],
  services: Readonly<Record<string, ServiceStatus>>,
): Promise<string> => {
  const documents = await Promise.all(
    views.map(async view => `${view} ${await documentsOf(services['search']?.url, view)} documents`),
  )
  const lags = await Promise.all(
    Object.entries(services).map(async ([name, { state, url }]) => {
      if (state !== 'ready') return `${name} ${state}`
      const text = await fetchText(`${url}/metrics`)
      const bars = text === undefined || name !== 'capture' ? [] : loadBars(text)
      if (bars.length > 0) return bars.join(' · ')
      const lag = text === undefined ? undefined : sumOfMetric(text, '_lag_records')
      return lag === undefined || lag === 0 ? undefined : `${name} ${lag.toLocaleString('en')} behind`
    }),
  )
  const behind = lags.filter(text => text !== undefined)
  return [...documents, behind.length === 0 ? 'in step' : behind.join(', ')].join(' · ')
}

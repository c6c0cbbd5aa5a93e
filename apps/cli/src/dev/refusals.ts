type Labels = Readonly<Record<string, string>>

interface Refusal {
  readonly metric: string
  readonly counts?: (labels: Labels) => boolean
  readonly words: (labels: Labels, count: string) => string
}

const plural = (count: string, one: string): string => `${count} ${count === '1' ? one : `${one}s`}`

/** The counters of what a service could not pass on as it is (docs/dead-letters.md). */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  validator: {
    metric: 'headrace_validator_dead_letters_total',
    words: ({ dataset, code }, count) => `${plural(count, 'dead letter')} of ${dataset}: ${code}`,
  },
  aggregator: {
    metric: 'headrace_aggregator_documents_total',
    counts: ({ form }) => form === 'stub',
    words: ({ view }, count) =>
      `${plural(count, 'document')} of ${view} could not be made, stubs stand in their place`,
  },
  indexer: {
    metric: 'headrace_indexer_documents_total',
    counts: ({ outcome }) => outcome === 'rejected',
    words: ({ view }, count) =>
      `${plural(count, 'document')} of ${view} rejected by Elasticsearch, stubs stand in their place`,
  },
}

/** The services that have such counters. */
export const REFUSING = Object.keys(REFUSALS)

const labelsOf = (text: string): Labels =>
  Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value])) as Labels

/** Tells what was refused since it was last asked. */
export class RefusalWatch {
  readonly #seen = new Map<string, number>()

  /** Lines for a person, from a service's metrics in Prometheus' text format. */
  look(service: string, metrics: string): readonly string[] {
    const refusal = REFUSALS[service]
    if (refusal === undefined) return []
    const lines: string[] = []
    for (const [sample, name, text = '', value] of metrics.matchAll(/^(\w+)\{([^}]*)\}\s+(\S+)/gm)) {
      if (name !== refusal.metric) continue
      const labels = labelsOf(text)
      if (refusal.counts?.(labels) === false) continue
      const series = sample.slice(0, sample.lastIndexOf('}'))
      const before = this.#seen.get(series) ?? 0
      const count = Number(value)
      this.#seen.set(series, count)
      // a service that was started again counts from zero
      const fresh = count < before ? count : count - before
      if (fresh > 0) lines.push(refusal.words(labels, fresh.toLocaleString('en')))
    }
    return lines
  }
}

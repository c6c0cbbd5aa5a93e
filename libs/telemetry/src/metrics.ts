import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

interface MetricOptions<L extends string> {
  /** Without the prefix `headrace_<service>_`; ends in `_total` for counters, in its base unit otherwise (07 §7.4). */
  readonly name: string
  readonly help: string
  readonly labels?: readonly L[]
}

/** Bounds in seconds that suit latencies from a millisecond to half a minute. */
export const LATENCY_BUCKETS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
]

/** The metrics of one process, in a registry of its own. Label values are few and known: never keys, ids or error texts. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #prefix: string

  constructor(service: string) {
    this.#prefix = `headrace_${service}_`
    collectDefaultMetrics({ register: this.#registry })
  }

  counter<const L extends string = never>({ name, help, labels = [] }: MetricOptions<L>): Counter<L> {
    return new Counter({
      name: this.#prefix + name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
    })
  }

  /** `collect` runs at each scrape and sets the value. */
  gauge<const L extends string = never>({
    name,
    help,
    labels = [],
    collect,
  }: MetricOptions<L> & { collect?: (gauge: Gauge<L>) => void }): Gauge<L> {
    const gauge: Gauge<L> = new Gauge({
      name: this.#prefix + name,
      help,
      labelNames: [...labels],
      registers: [this.#registry],
      ...(collect === undefined ? {} : { collect: () => collect(gauge) }),
    })
    return gauge
  }

  histogram<const L extends string = never>({
    name,
    help,
    labels = [],
    buckets = LATENCY_BUCKETS,
  }: MetricOptions<L> & { buckets?: readonly number[] }): Histogram<L> {
    return new Histogram({
      name: this.#prefix + name,
      help,
      labelNames: [...labels],
      buckets: [...buckets],
      registers: [this.#registry],
    })
  }

  /** Text in Prometheus' format. */
  expose(): Promise<string> {
    return this.#registry.metrics()
  }

  /** `text/plain; version=0.0.4` (07 O12). */
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8'
}

export type { Counter, Gauge, Histogram } from 'prom-client'

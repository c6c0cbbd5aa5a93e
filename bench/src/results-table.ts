import type { PerProcess } from './bench-chain.ts'

interface Latency {
  readonly rate: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuMsPerChange: PerProcess
  readonly load1: number
}

interface Bulk {
  readonly documents: number
  readonly seconds: number
  readonly load1: number
}

interface PerCpuSecond {
  readonly changesPerCpuSecond: number
}

/** What the benchmarks print, as far as the table shows it. */
export interface BenchResults {
  readonly latency: { readonly results: readonly Latency[] }
  readonly throughput: {
    readonly sizes: { readonly images: number; readonly updates: number }
    readonly firstLoad: Bulk & { readonly documentsPerSecond: number }
    readonly singleRows: {
      readonly commitsPerSecond: number
      readonly lagMs: { readonly p50: number; readonly max: number }
      readonly rightAfterMs: number
      readonly cpuMsPerChange: PerProcess
      readonly load1: number
    }
    readonly oneTransaction: Bulk
    readonly rename: Bulk
    readonly peakMiB: PerProcess
  }
  readonly aggregator: {
    readonly load: { readonly children: PerCpuSecond }
    readonly updates: PerCpuSecond
  }
  readonly capture: {
    readonly load: { readonly rowsPerCpuSecond: number }
    readonly stream: { readonly rowsPerCpuSecond: number }
  }
  readonly validator: { readonly recordsPerCpuSecond: number }
  readonly indexer: { readonly documentsPerCpuSecond: number }
}

interface Row {
  readonly what: string
  readonly figure: string
  /** Absent: no bar is set. */
  readonly bar?: string
  readonly met?: boolean
  readonly load1?: number
}

/** p50 and p99 in ms, by commits per second (design 05). */
const LATENCY_BARS: ReadonlyMap<number, readonly [number, number]> = new Map([
  [5, [60, 150]],
  [500, [100, 400]],
])

const number = (value: number): string => value.toLocaleString('en-US')

const latencyRow = ({ rate, p50Ms, p99Ms, cpuMsPerChange, load1 }: Latency): Row => {
  const bar = LATENCY_BARS.get(rate)
  const cpu = cpuMsPerChange['servicesAndKafka'] ?? 0
  return {
    what: `commit to read by key, ${rate} commits/s, p50 / p99 (CPU of services and Kafka per change)`,
    figure: `${p50Ms} / ${p99Ms} ms (${cpu.toFixed(1)} ms)`,
    load1,
    ...(bar === undefined
      ? {}
      : { bar: `< ${bar[0]} / ${bar[1]} ms`, met: p50Ms < bar[0] && p99Ms < bar[1] }),
  }
}

const throughputRows = ({ throughput }: BenchResults): readonly Row[] => {
  const { sizes, firstLoad, singleRows, oneTransaction, rename } = throughput
  const cpu = singleRows.cpuMsPerChange['servicesAndKafka'] ?? 0
  return [
    {
      what: `first load of ${number(sizes.images)} images, right documents/s`,
      figure: `${number(firstLoad.documentsPerSecond)} (${firstLoad.seconds} s)`,
      bar: '>= 2,400',
      met: firstLoad.documentsPerSecond >= 2_400,
      load1: firstLoad.load1,
    },
    {
      what: `single-row commits, 2 writers at full speed: lag p50 / max, right after the last one`,
      figure: `${number(singleRows.commitsPerSecond)}/s: ${singleRows.lagMs.p50} / ${singleRows.lagMs.max} ms, ${singleRows.rightAfterMs} ms`,
      bar: 'max < 2 s',
      met: singleRows.lagMs.max < 2_000,
      load1: singleRows.load1,
    },
    {
      what: 'CPU of services and Kafka per single-row change at that rate',
      figure: `${cpu.toFixed(1)} ms`,
      bar: '< 5 ms',
      met: cpu < 5,
      load1: singleRows.load1,
    },
    {
      what: `one transaction of ${number(sizes.updates)} annotations (${number(oneTransaction.documents)} documents)`,
      figure: `${oneTransaction.seconds} s`,
      bar: '< 8 s',
      met: oneTransaction.seconds < 8,
      load1: oneTransaction.load1,
    },
    {
      what: `rename of a slice that is in ${number(rename.documents)} documents`,
      figure: `${rename.seconds} s`,
      bar: '< 9 s',
      met: rename.seconds < 9,
      load1: rename.load1,
    },
  ]
}

const engineRows = ({ aggregator, capture, validator, indexer }: BenchResults): readonly Row[] => {
  const aggregated = aggregator.updates.changesPerCpuSecond
  return [
    {
      what: 'aggregator: row changes per CPU-second, groups of 10 (load of children; then random updates)',
      figure: `${number(aggregator.load.children.changesPerCpuSecond)}; ${number(aggregated)}`,
      bar: '>= 12,000',
      met: aggregated >= 12_000,
    },
    {
      what: 'capture: rows of 200 bytes per CPU-second (first load; stream)',
      figure: `${number(capture.load.rowsPerCpuSecond)}; ${number(capture.stream.rowsPerCpuSecond)}`,
    },
    {
      what: 'validator: records of 12 columns and 10 rules per CPU-second, without Kafka',
      figure: number(validator.recordsPerCpuSecond),
    },
    {
      what: 'indexer: documents of ten children per CPU-second into Elasticsearch',
      figure: number(indexer.documentsPerCpuSecond),
    },
  ]
}

const line = ({ what, figure, bar, met, load1 }: Row): string => {
  const verdict = met === undefined ? '' : met ? 'met' : '**not met**'
  return `| ${what} | ${figure} | ${bar ?? ''} | ${verdict} | ${load1 ?? ''} |\n`
}

/** The table of docs/benchmarks.md. */
export const markdownTable = (results: BenchResults, where: string): string => {
  const rows = [
    ...results.latency.results.map(latencyRow),
    ...throughputRows(results),
    ...engineRows(results),
  ]
  const memory = Object.entries(results.throughput.peakMiB).map(([name, mib]) => `${name} ${mib}`)
  return `${where}.

| what | measured | bar | | load average |
| --- | --- | --- | --- | --- |
${rows.map(line).join('')}
Peak memory in MiB: ${memory.join(', ')}.
`
}

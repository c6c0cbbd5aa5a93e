import { type Comparison, type EqualOptions, seededRandom, waitUntilEqual } from '@headrace/testkit'
import type { DemoConfig } from './config.ts'
import { makeDataset } from './data/dataset-rows.ts'
import { expectedDocuments } from './oracle/expected-documents.ts'
import type { Screen } from './screen/screen.ts'
import { SearchClient } from './search-client.ts'
import { type Latency, measureCommitToSearchable } from './steps/commit-latency.ts'
import { followLiveChanges } from './steps/live-changes.ts'
import { readRefreshInterval } from './steps/refresh-interval.ts'
import { type Chain, startChain, type Stopper } from './steps/start-chain.ts'
import { askStory } from './steps/story-query.ts'

export interface DemoOptions {
  readonly once: boolean
  readonly images: number
  readonly commits: number
  readonly perSecond: number
}

export interface DemoResult {
  readonly documents: number
  readonly compared: number
  readonly mismatches: number
  readonly searchHits: number
  readonly sqlHits: number
  readonly commitToSearchableMs: Latency
  readonly refreshIntervalMs: number
}

const SEED = 20260101
const SHOWN_DIFFERENCES = 5

/** Waits for the first load, or for what was written last, and says what still differs. */
const settle = async (options: EqualOptions, total: number, screen: Screen): Promise<Comparison> => {
  const progress = screen.progress('documents equal to SQL', total)
  const comparison = await waitUntilEqual({ ...options, progress }).finally(() => progress.stop())
  const { compared, differences } = comparison
  if (differences.length === 0)
    screen.good(`${compared} documents are equal to hand-written SQL, value by value`)
  else screen.bad(`${differences.length} of ${compared} documents differ from hand-written SQL`)
  for (const { key, kind, detail } of differences.slice(0, SHOWN_DIFFERENCES))
    screen.line(`    ${key} ${kind}: ${detail}`)
  return comparison
}

const measure = async (
  chain: Chain,
  client: SearchClient,
  options: DemoOptions,
  screen: Screen,
  signal: AbortSignal,
): Promise<Latency> => {
  screen.title(
    `${options.commits} single commits at ${options.perSecond}/s, each looked for through the search API`,
  )
  const progress = screen.progress('commits seen', options.commits)
  try {
    const latency = await measureCommitToSearchable({
      database: chain.database,
      client,
      images: Array.from({ length: options.images }, (_, at) => at + 1),
      commits: options.commits,
      perSecond: options.perSecond,
      onSeen: seen => progress.update(seen),
      signal,
    })
    return latency
  } finally {
    progress.stop()
  }
}

/** True when everything the demo promises was seen. */
export const isRight = (result: DemoResult, options: DemoOptions): boolean =>
  result.mismatches === 0 &&
  result.compared === result.documents &&
  result.searchHits === result.sqlHits &&
  result.commitToSearchableMs.n === options.commits

/** The whole demo: load, search, compare, measure; and, unless `once`, live changes until the signal fires. */
export const runDemo = async (
  config: DemoConfig,
  options: DemoOptions,
  screen: Screen,
  stopper: Stopper,
  signal: AbortSignal,
): Promise<DemoResult> => {
  const began = performance.now()
  const dataset = makeDataset(seededRandom(SEED), options.images)
  screen.title(`image-search: ${dataset.images.length} images, ${dataset.annotations.length} annotations`)
  const chain = await startChain(config, dataset, screen, stopper)
  const { elasticsearch, search } = chain.state
  const client = new SearchClient(search, chain.view)
  const compare: EqualOptions = {
    expected: () => expectedDocuments(chain.database),
    elasticsearchUrl: elasticsearch,
    view: chain.view,
    signal,
  }
  const first = await settle(compare, options.images, screen)
  screen.note(`  ${((performance.now() - began) / 1000).toFixed(1)} s after the start`)
  const hits = await askStory(client, chain.database, screen)
  if (hits.different === 0) screen.good(`the same ${hits.sql} images as SQL finds`)
  else screen.bad(`${hits.different} images are not among both hits and SQL's rows`)
  const latency = await measure(chain, client, options, screen, signal)
  const refreshIntervalMs = await readRefreshInterval(elasticsearch, chain.view)
  screen.good(
    `commit to searchable: p50 ${latency.p50} ms, p99 ${latency.p99} ms (the index refreshes every ${refreshIntervalMs} ms)`,
  )
  const second = await settle(compare, options.images, screen)
  if (!options.once) {
    screen.title('live changes; Ctrl-C ends the demo and stops everything')
    const { images } = options
    await followLiveChanges({
      database: chain.database,
      client,
      screen,
      random: seededRandom(),
      images,
      firstNewId: 50_000_000,
      signal,
    })
  }
  return {
    documents: options.images,
    compared: second.compared,
    mismatches: first.differences.length + second.differences.length + hits.different,
    searchHits: hits.search,
    sqlHits: hits.sql,
    commitToSearchableMs: latency,
    refreshIntervalMs,
  }
}

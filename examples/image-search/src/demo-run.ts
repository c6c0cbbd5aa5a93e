import { setTimeout as delay } from 'node:timers/promises'
import { type Comparison, type EqualOptions, seededRandom, waitUntilEqual } from '@headrace/testkit'
import type { DemoConfig } from './config.ts'
import { type Dataset as Rows, makeDataset } from './data/dataset-rows.ts'
import { expectedDocuments } from './oracle/expected-documents.ts'
import type { Screen } from './screen/screen.ts'
import { type Client, createClient } from './sdk/index.ts'
import { type Latency, type LatencyOptions, measureCommitToSearchable } from './steps/commit-latency.ts'
import { followLiveChanges } from './steps/live-changes.ts'
import { type Loaded, loadImages, rowsToLoad } from './steps/load-images.ts'
import { readRefreshInterval } from './steps/refresh-interval.ts'
import { startApplication } from './steps/start-application.ts'
import { startChain } from './steps/start-chain.ts'
import type { Stopper } from './steps/stopper.ts'
import { askStory, STORY_QUERY } from './steps/story-query.ts'

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

const load = async (client: Client, rows: Rows, screen: Screen, signal: AbortSignal): Promise<Loaded> => {
  const progress = screen.progress('rows sent by the SDK', rowsToLoad(rows))
  try {
    return await loadImages(client, rows, progress, signal)
  } finally {
    progress.stop()
  }
}

const awaitFirstHit = async (client: Client, signal: AbortSignal): Promise<void> => {
  while ((await client.search(STORY_QUERY, { size: 1 })).total === 0) await delay(50, undefined, { signal })
}

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

const measure = async (options: Omit<LatencyOptions, 'onSeen'>, screen: Screen): Promise<Latency> => {
  const { commits, perSecond } = options
  screen.title(`${commits} single commits at ${perSecond}/s, each looked for through the search API`)
  const progress = screen.progress('commits seen', commits)
  try {
    return await measureCommitToSearchable({ ...options, onSeen: seen => progress.update(seen) })
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
  const sinceStart = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s after the start`
  const rows = makeDataset(seededRandom(SEED), options.images)
  const { images, annotations, slices, sliceImages } = rows
  screen.title(
    `image-search: ${images.length} images, ${annotations.length} annotations, ${slices.length} slices, ${sliceImages.length} links`,
  )
  const application = await startApplication(screen, stopper, signal)
  // the application fills its tables while Kafka and Elasticsearch still start
  const [loaded, { state, view }] = await Promise.all([
    load(createClient({ url: application.url }), rows, screen, signal),
    startChain(config, application.database.url, screen, stopper),
  ])
  screen.note(`· services: ready ${sinceStart()}`)
  const client = createClient({ url: application.url, searchUrl: state.search, view })
  await awaitFirstHit(client, signal)
  screen.note(`· first hit: ${sinceStart()}`)
  const { database } = application
  const compare: EqualOptions = {
    expected: () => expectedDocuments(database),
    elasticsearchUrl: state.elasticsearch,
    view,
    signal,
  }
  const first = await settle(compare, options.images, screen)
  screen.note(`  ${sinceStart()}`)
  const hits = await askStory(client, database, screen)
  const { commits, perSecond } = options
  const ids = loaded.images.map(({ id }) => id)
  const latency = await measure({ database, client, images: ids, commits, perSecond, signal }, screen)
  const refreshIntervalMs = await readRefreshInterval(state.elasticsearch, view)
  screen.good(
    `commit to searchable: p50 ${latency.p50} ms, p99 ${latency.p99} ms (the index refreshes every ${refreshIntervalMs} ms)`,
  )
  const second = await settle(compare, options.images, screen)
  if (!options.once) {
    screen.title('live changes through the SDK; Ctrl-C ends the demo and stops everything')
    await followLiveChanges({ ...loaded, client, screen, random: seededRandom(), signal })
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

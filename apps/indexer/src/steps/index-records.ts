import type { BulkItem, BulkOutcome, BulkWriter } from '@headrace/elasticsearch'
import { HeadraceError, unreachable } from '@headrace/errors'
import type { IncomingRecord } from '@headrace/kafka'
import { stubBody } from '@headrace/search-model'
import type { DeadDocument, DeadDocuments } from '../adapters/dead-documents.ts'
import { incarnationOf } from '../adapters/document-topic.ts'
import type { DocumentReading, IndexWork } from '../adapters/read-document.ts'
import type { Events } from '../events.ts'

export interface IndexRecordsOptions {
  readonly view: string
  /** Alias that bulks go to. */
  readonly target: string
  readonly bulk: BulkWriter
  readonly reading: DocumentReading
  readonly dead: Pick<DeadDocuments, 'write'>
  readonly events: Events
  /** µs since 1970. */
  readonly nowUs: () => bigint
  /** Called with the id of each incarnation marker that passes. */
  readonly sawIncarnation: (partition: number, id: string) => void
}

interface Gathered {
  /** Last work per key: what came before it in the same bulk would only be overwritten. */
  readonly works: ReadonlyMap<string, IndexWork>
  readonly oldest: readonly bigint[]
  readonly superseded: number
}

const gather = (
  records: readonly IncomingRecord[],
  partition: number,
  { reading, sawIncarnation }: IndexRecordsOptions,
): Gathered => {
  const works = new Map<string, IndexWork>()
  const oldest: bigint[] = []
  let documents = 0
  for (const record of records) {
    const work = reading(record)
    if (work === 'marker') {
      const id = incarnationOf(record.value)
      if (id !== undefined) sawIncarnation(partition, id)
      continue
    }
    documents++
    works.set(work.item.id, work)
    if (work.oldestCommitUs > 0n) oldest.push(work.oldestCommitUs)
  }
  return { works, oldest, superseded: documents - works.size }
}

const stubFor = ({ id, version }: BulkItem, reason: string): BulkItem => ({
  kind: 'index',
  id,
  version,
  body: stubBody(id, reason),
})

/**
 * Brings records of one partition into the index. When it returns, each of them is indexed, was older than what is indexed, or was
 * refused for good and has a stub in its place and a dead letter (06 E8); then its offset may be committed.
 */
export const indexRecords = async (
  records: readonly IncomingRecord[],
  partition: number,
  options: IndexRecordsOptions,
  signal: AbortSignal,
): Promise<void> => {
  const { view, target, bulk, events, nowUs } = options
  const { works, oldest, superseded } = gather(records, partition, options)
  if (works.size === 0) return
  const items = [...works.values()].map(({ item }) => item)
  const begun = performance.now()
  const outcomes = await bulk.write(target, items, signal)
  const rejected = rejectedItems(items, outcomes, partition, options)
  if (rejected.length > 0) {
    const stubs = rejected.map(({ item, reason }) => stubFor(item, reason))
    await writeStubs(stubs, options, signal)
  }
  const dead = [...unreadable([...works.values()]), ...rejected]
  if (dead.length > 0) await options.dead.write(dead.map(each => deadDocument(each, partition)))
  events.bulk(view, (performance.now() - begun) / 1_000)
  const now = nowUs()
  for (const at of oldest) events.latency(view, Math.max(0, Number(now - at) / 1e6))
  if (superseded > 0) events.indexed(view, 'superseded', superseded)
  countOutcomes([...works.values()], outcomes, options)
}

const countOutcomes = (
  works: readonly IndexWork[],
  outcomes: readonly BulkOutcome[],
  { view, events }: IndexRecordsOptions,
): void => {
  works.forEach((work, i) => {
    const { kind } = outcomes[i]!
    switch (kind) {
      case 'written':
        return events.indexed(view, work.stub ? 'stub' : 'written')
      case 'stale':
      case 'deleted':
      case 'absent':
      case 'rejected':
        return events.indexed(view, kind)
      default:
        return unreachable(kind)
    }
  })
}

/** What is not in the index as it is, and why. */
interface Rejected {
  readonly item: BulkItem
  readonly reason: string
}

const rejectedItems = (
  items: readonly BulkItem[],
  outcomes: readonly BulkOutcome[],
  partition: number,
  { view, events }: IndexRecordsOptions,
): readonly Rejected[] =>
  outcomes.flatMap((outcome, i) => {
    if (outcome.kind !== 'rejected') return []
    const item = items[i]!
    const { reason } = outcome
    events.rejected(view, partition, item.version, reason)
    return [{ item, reason }]
  })

const unreadable = (works: readonly IndexWork[]): readonly Rejected[] =>
  works.flatMap(({ item, unreadable: reason }) => (reason === undefined ? [] : [{ item, reason }]))

const deadDocument = ({ item, reason }: Rejected, partition: number): DeadDocument => ({
  key: item.id,
  partition,
  offset: item.version,
  reason,
})

/** A stub fits every index of this mapping: one that is refused says that the index is at fault, and no document is done. */
const writeStubs = async (
  stubs: readonly BulkItem[],
  { target, bulk }: IndexRecordsOptions,
  signal: AbortSignal,
): Promise<void> => {
  for (const outcome of await bulk.write(target, stubs, signal)) {
    if (outcome.kind !== 'rejected') continue
    throw new HeadraceError(
      'elasticsearch.refused',
      `a document was rejected, and the stub in its place as well: ${outcome.reason}`,
      { where: target, hint: 'Look at the settings of the index. Nothing is skipped meanwhile.' },
    )
  }
}

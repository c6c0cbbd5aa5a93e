import { HeadraceError } from '@headrace/errors'
import {
  DocumentReader,
  type Elasticsearch,
  getDocuments,
  sampleKeys,
  ViewIndices,
} from '@headrace/elasticsearch'
import type { CompiledView, Pipeline } from '@headrace/pipeline'
import type { Kafka } from '@headrace/kafka'
import type { PostgresSession } from '@headrace/postgres'
import { KEY_FIELD, VERBATIM_FIELD } from '@headrace/search-model'
import { ExpectedDocuments, oracleTables } from './expected-documents.ts'
import { findSuspects, type Suspects } from './find-suspects.ts'
import { settle, type Unsettled } from './settle.ts'
import { datasetNodes, type WithheldRow, WithheldRows } from './withheld-rows.ts'

export interface VerifyOptions {
  readonly pipeline: Pipeline
  readonly view: CompiledView
  readonly session: PostgresSession
  readonly elasticsearch: Elasticsearch
  /** With it, rows that their contract withholds are told apart; else they are missing. */
  readonly kafka?: Kafka
  /** Only about this many rows and documents, chosen by chance. */
  readonly sample?: number
  readonly settleMs: number
  readonly details: number
  readonly now: () => number
  readonly progress: VerifyProgress
}

export interface VerifyProgress {
  comparing(done: number, total: number): void
  settling(left: number): void
}

export interface Verification {
  readonly equal: boolean
  readonly index: string
  readonly rows: number
  readonly documents: number
  /** Keys that were not equal at first sight, because writes flow or for good. */
  readonly lookedAgain: number
  /** There were too many differences: the rest was not compared. */
  readonly truncated: boolean
  readonly unsettled: readonly Unsettled[]
  /** Rows that are not in the index because of their contracts: no difference. Undefined: no Kafka with dead letters. */
  readonly withheld: readonly WithheldRow[] | undefined
}

/** The index that searches see, which must be of this plan. */
const liveIndex = async (elasticsearch: Elasticsearch, { name, plan }: CompiledView): Promise<string> => {
  const behind = [...(await new ViewIndices(elasticsearch).behind(name))]
  const [first] = behind
  if (first === undefined) {
    throw new HeadraceError('elasticsearch.index_missing', `the view ${name} has no index yet`, {
      hint: 'Let the indexer run (`headrace dev` runs it), or check --elasticsearch.',
    })
  }
  const fitting = behind.find(([, meta]) => meta.plan === undefined || meta.plan === plan)
  if (fitting !== undefined) return fitting[0]
  throw new HeadraceError(
    'verify.plan_differs',
    `the index ${first[0]} was made by plan ${first[1].plan ?? ''} of the view, the folder has plan ${plan}`,
    {
      hint: 'Run the services with this folder until the new index is live, or verify with the folder they run with.',
    },
  )
}

const firstSight = async (
  options: VerifyOptions,
  expected: ExpectedDocuments,
  index: string,
): Promise<Suspects> => {
  const { elasticsearch, sample, progress } = options
  if (sample !== undefined) {
    const rows = await expected.sampleKeys(sample)
    const documents = await sampleKeys(elasticsearch, index, sample)
    return {
      keys: new Set([...rows, ...documents]),
      rows: rows.length,
      documents: documents.length,
      truncated: false,
    }
  }
  const total = await new ViewIndices(elasticsearch).count(index)
  const reader = new DocumentReader(elasticsearch, { verbatim: VERBATIM_FIELD, key: KEY_FIELD })
  return findSuspects(
    expected.all(),
    () => reader.scan(index),
    done => progress.comparing(done, total),
  )
}

/** Withheld rows that are there: letters of rows that were deleted since say nothing. */
const standing = async (
  { session, pipeline, view }: VerifyOptions,
  withheld: WithheldRows,
): Promise<readonly WithheldRow[]> => {
  const found: WithheldRow[] = []
  const nodes = datasetNodes(view)
  for (const [dataset, rows] of withheld.rows()) {
    const node = nodes.get(dataset)
    if (node === undefined || rows.length === 0) continue
    const keysOnly = {
      view: view.name,
      root: { ...node, fields: [], lists: [], references: [] },
      aggregates: [],
      text: [],
    }
    const expected = new ExpectedDocuments(session, keysOnly, oracleTables(pipeline))
    const there = await expected.ofKeys(rows.map(({ key }) => key))
    found.push(...rows.filter(({ key }) => there.has(key)))
  }
  return found
}

/** Looks for withheld rows and leaves them out of what SQL says. */
const leaveOutWithheld = async (expected: ExpectedDocuments, withheld: WithheldRows): Promise<void> => {
  await withheld.refresh()
  expected.leaveOut(
    new Map([...withheld.rows()].map(([dataset, rows]) => [dataset, rows.map(({ key }) => key)])),
  )
}

/**
 * Every document of the live index against one SELECT over the tables (05 A19). Rows and documents are read side by side, then
 * what differed is looked at again, fresh on both sides, until it is equal or the time is over: true while writes flow. Rows
 * that their contracts withhold are taken as not there, as downstream (04 K7a), and listed.
 */
export const verifyView = async (options: VerifyOptions): Promise<Verification> => {
  const { elasticsearch, pipeline, view, kafka, progress } = options
  const index = await liveIndex(elasticsearch, view)
  const expected = new ExpectedDocuments(options.session, view.definition, oracleTables(pipeline))
  const withheld = kafka === undefined ? undefined : await WithheldRows.open(kafka, pipeline, view)
  try {
    if (withheld !== undefined) await leaveOutWithheld(expected, withheld)
    const suspects = await firstSight(options, expected, index)
    const unsettled = await settle(suspects.keys, {
      ...(withheld === undefined ? {} : { prepare: () => leaveOutWithheld(expected, withheld) }),
      expected: keys => expected.ofKeys(keys),
      actual: keys => getDocuments(elasticsearch, index, keys, VERBATIM_FIELD),
      timeLimitMs: options.settleMs,
      details: options.details,
      now: options.now,
      progress: left => progress.settling(left),
    })
    const { rows, documents, truncated } = suspects
    return {
      equal: unsettled.length === 0 && !truncated,
      index,
      rows,
      documents,
      lookedAgain: options.sample === undefined ? suspects.keys.size : 0,
      truncated,
      unsettled,
      withheld: withheld === undefined ? undefined : await standing(options, withheld),
    }
  } finally {
    await withheld?.stop()
  }
}

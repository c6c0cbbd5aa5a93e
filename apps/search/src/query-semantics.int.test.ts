import {
  BulkWriter,
  DocumentReader,
  Elasticsearch,
  type ViewIndex,
  ViewIndices,
} from '@headrace/elasticsearch'
import {
  buildMapping,
  buildSearch,
  compileIndexBody,
  type DocumentShape,
  evaluate,
  KEY_FIELD,
  parseQuery,
  resolveExpression,
  VERBATIM_FIELD,
} from '@headrace/search-model'
import { backends, type Random, seededRandom, uniqueName } from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomDocument, randomQuery, semanticsShape } from './testing/random-queries.ts'

const view = uniqueName('semantics')
const shape: DocumentShape = semanticsShape(view)
const random: Random = seededRandom()
const never = new AbortController().signal

let elasticsearch: Elasticsearch
let indices: ViewIndices
let index: ViewIndex
let reader: DocumentReader
const documents = new Map<string, unknown>()

const sideOf = (document: {
  readonly search?: { readonly class_count?: Readonly<Record<string, number>> } | null
}): string => {
  const counts = document.search?.class_count
  return counts === undefined
    ? ''
    : JSON.stringify({ 'search.class_count': Object.entries(counts).map(([key, n]) => ({ key, n })) })
}

const found = async (text: string): Promise<readonly string[]> => {
  const { text: body } = buildSearch(shape, {
    filter: resolveExpression(shape, parseQuery(text)),
    sort: [],
    size: 1_000,
    total: false,
    facets: [],
    timeoutMs: 120_000,
  })
  return (await reader.search(index.name, body)).hits.map(({ key }) => key)
}

const meant = (text: string): readonly string[] => {
  const filter = resolveExpression(shape, parseQuery(text))
  return [...documents]
    .filter(([, document]) => evaluate(filter, document) === true)
    .map(([key]) => key)
    .sort()
}

beforeAll(async () => {
  elasticsearch = new Elasticsearch({ url: backends().elasticsearchUrl })
  indices = new ViewIndices(elasticsearch)
  reader = new DocumentReader(elasticsearch, { verbatim: VERBATIM_FIELD, key: KEY_FIELD })
  const identity = { pipeline: view, view, plan: 'x', documentTopic: view, incarnations: {} }
  index = await indices.open(identity, {
    ...buildMapping(shape),
    shards: 1,
    replicas: '0-1',
    refreshInterval: '1s',
    gcDeletes: '1d',
  })
  const body = compileIndexBody(shape)
  for (let n = 0; n < 400; n++) documents.set(`k${String(n).padStart(4, '0')}`, randomDocument(random, n))
  const items = [...documents].map(([key, document]) => ({
    kind: 'index' as const,
    id: key,
    version: 1n,
    body: body({ key, source: JSON.stringify(document), side: sideOf(document as object) }),
  }))
  const outcomes = await new BulkWriter({ elasticsearch }).write(index.writeAlias, items, never)
  expect(outcomes.filter(({ kind }) => kind !== 'written')).toEqual([])
  await indices.refresh(index.name)
})

afterAll(async () => {
  await indices.remove(index.name)
  await elasticsearch.close()
})

describe('what Elasticsearch finds is what the filter means', () => {
  it('for random queries on random documents', async () => {
    let matched = 0
    for (let n = 0; n < 400; n++) {
      const text = randomQuery(random, 3)
      const expected = meant(text)
      matched += expected.length > 0 && expected.length < documents.size ? 1 : 0
      const hits = [...(await found(text))].sort()
      if (hits.join() === expected.join()) continue
      const wrong = [
        ...hits.filter(key => !expected.includes(key)),
        ...expected.filter(key => !hits.includes(key)),
      ][0]!
      throw new Error(
        `seed ${random.seed}: ${text}\n${hits.length} hits, ${expected.length} meant, e.g. ${JSON.stringify(documents.get(wrong))}`,
      )
    }
    // the queries must tell something
    expect(matched).toBeGreaterThan(50)
  })

  it('splits the documents in true, false and unknown', async () => {
    for (let n = 0; n < 60; n++) {
      const text = randomQuery(random, 1)
      const yes = await found(text)
      const no = await found(`not (${text})`)
      expect([text, yes.filter(key => no.includes(key))]).toEqual([text, []])
      expect([text, [...no].sort()]).toEqual([text, [...meant(`not (${text})`)]])
    }
  })
})

import { BulkWriter, Elasticsearch, ViewIndices } from '@headrace/elasticsearch'
import { buildMapping, compileIndexBody, type DocumentShape } from '@headrace/search-model'

/**
 * CPU of the indexer's own work per document: text from document bytes, and the whole way into Elasticsearch.
 * `HEADRACE_ELASTICSEARCH_URL=... node --conditions=@headrace/source bench/src/indexer.bench.ts`; one JSON line out.
 */
const DOCUMENTS = 20_000
const PER_BULK = 2_000

const value = (
  name: string,
  kind: 'int64' | 'text' | 'json' | 'timestamptz' | 'int32',
): DocumentShape['fields'][number] => ({
  kind: 'value',
  name,
  type: { kind, dimensions: 0 },
  text: false,
})
const view = `bench-${Date.now().toString(36)}`
const shape: DocumentShape = {
  view,
  fields: [
    value('id', 'int64'),
    value('key', 'text'),
    value('metadata', 'json'),
    value('width', 'int32'),
    value('height', 'int32'),
    value('created_at', 'timestamptz'),
    {
      kind: 'list',
      name: 'annotations',
      fields: [value('id', 'int64'), value('annotation_class', 'text'), value('metadata', 'json')],
    },
    {
      kind: 'object',
      name: 'annotations_search',
      fields: [value('count', 'int64'), { kind: 'counts', name: 'class_count' }],
    },
  ],
}
const annotations = Array.from({ length: 10 }, (_, i) => ({
  id: i,
  annotation_class: i % 2 ? 'car' : 'bus',
  metadata: { occluded: i % 3 === 0, score: i / 10 },
}))
const bytes = Array.from({ length: DOCUMENTS }, (_, id) =>
  Buffer.from(
    JSON.stringify({
      id,
      key: `images/${id}.jpg`,
      metadata: { timeofday: id % 2 ? 'night' : 'day', speed: id % 100, weather: 'clear' },
      width: 640,
      height: 480,
      created_at: '2024-01-01T00:00:00.123456+00:00',
      annotations,
      annotations_search: { count: 10, class_count: { car: 5, bus: 5 } },
    }),
  ),
)
const side = '{"annotations_search.class_count":[{"key":"car","n":5},{"key":"bus","n":5}]}'

const cpuSeconds = (usage: NodeJS.CpuUsage): number => (usage.user + usage.system) / 1e6

const body = compileIndexBody(shape)
const texts = (from: number, to: number): readonly string[] =>
  bytes.slice(from, to).map((source, i) => body({ key: String(from + i), source: source.toString(), side }))
texts(0, PER_BULK)
const before = process.cpuUsage()
for (let at = 0; at < DOCUMENTS; at += PER_BULK) texts(at, at + PER_BULK)
const bodyCpu = cpuSeconds(process.cpuUsage(before))

const elasticsearch = new Elasticsearch({
  url: process.env['HEADRACE_ELASTICSEARCH_URL'] ?? 'http://127.0.0.1:9200',
})
const indices = new ViewIndices(elasticsearch)
const index = await indices.open(
  { pipeline: view, view, plan: 'x', documentTopic: view, incarnations: {} },
  { ...buildMapping(shape), shards: 1, replicas: '0-1', refreshInterval: '-1', gcDeletes: '1d' },
)
const bulk = new BulkWriter({ elasticsearch })
const begun = performance.now()
const cpu = process.cpuUsage()
for (let at = 0; at < DOCUMENTS; at += PER_BULK) {
  const items = texts(at, at + PER_BULK).map((text, i) => ({
    kind: 'index' as const,
    id: String(at + i),
    version: BigInt(at + i),
    body: text,
  }))
  await bulk.write(index.writeAlias, items, new AbortController().signal)
}
const wayCpu = cpuSeconds(process.cpuUsage(cpu))
const seconds = (performance.now() - begun) / 1_000
await indices.remove(index.name)
await elasticsearch.close()
console.log(
  JSON.stringify({
    bench: 'indexer',
    documents: DOCUMENTS,
    bytesPerDocument: bytes[0]!.length,
    bodiesPerCpuSecond: Math.round(DOCUMENTS / bodyCpu),
    documentsPerCpuSecond: Math.round(DOCUMENTS / wayCpu),
    documentsPerSecond: Math.round(DOCUMENTS / seconds),
    node: process.version,
  }),
)

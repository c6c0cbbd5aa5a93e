import type { IncomingRecord, OutgoingRecord } from '@headrace/kafka'
import { loadPipeline, LOCK_FILE, lockContracts, type Pipeline, type PipelineFiles } from '@headrace/pipeline'
import { Op, RawRecord, type RelationDescription } from '@headrace/wire'
import { DatasetStep } from './steps/dataset-step.ts'
import { origin } from './testing/raw-records.ts'

/**
 * How many raw records a CPU-second takes from bytes to framed typed message (04 K10): twelve columns, ten rules, no Kafka.
 * `node --conditions=@headrace/source apps/validator/src/validator.bench.ts [records]`; the last line is JSON.
 */
const CONTRACT = `
apiVersion: v3.1.0
kind: DataContract
id: bench/row
version: 1.0.0
status: active
schema:
  - name: row
    properties:
      - { name: id, physicalType: bigint, primaryKey: true }
      - { name: key, physicalType: text, required: true, logicalTypeOptions: { minLength: 1, maxLength: 100, pattern: '^[a-z0-9/._-]+$' } }
      - { name: owner, physicalType: text, logicalTypeOptions: { format: email, maxLength: 254 } }
      - { name: width, physicalType: integer, required: true, logicalTypeOptions: { minimum: 1, maximum: 100000 } }
      - { name: height, physicalType: integer, required: true, logicalTypeOptions: { minimum: 1, maximum: 100000 } }
      - { name: kind, physicalType: text, enum: [{ value: photo }, { value: drawing }, { value: scan }] }
      - { name: price, physicalType: "numeric(10,2)", logicalTypeOptions: { minimum: 0, multipleOf: 0.01 } }
      - { name: score, physicalType: double precision, logicalTypeOptions: { maximum: 1 } }
      - { name: visible, physicalType: boolean }
      - { name: metadata, physicalType: jsonb }
      - { name: created_at, physicalType: timestamptz, required: true }
      - { name: deleted_at, physicalType: timestamptz }
`

const COLUMNS: readonly (readonly [string, number])[] = [
  ['id', 20],
  ['key', 25],
  ['owner', 25],
  ['width', 23],
  ['height', 23],
  ['kind', 25],
  ['price', 1700],
  ['score', 701],
  ['visible', 16],
  ['metadata', 3802],
  ['created_at', 1184],
  ['deleted_at', 1184],
]

const RELATION: RelationDescription = {
  fingerprint: 1n,
  schema: 'public',
  table: 'row',
  oid: 1,
  replicaIdentity: 'd',
  columns: COLUMNS.map(([name, typeOid]) => ({ name, typeOid, typeModifier: -1, key: name === 'id' })),
}

const benchPipeline = (): Pipeline => {
  const texts = new Map([
    ['pipeline.yaml', 'name: bench\nsources: { main: { tables: [row] } }\n'],
    ['contracts/row.odcs.yaml', CONTRACT],
  ])
  const files: PipelineFiles = {
    read: path => texts.get(path),
    list: folder => (folder === 'contracts' ? ['row.odcs.yaml'] : []),
  }
  texts.set(LOCK_FILE, lockContracts(files))
  return loadPipeline(files)
}

const rawRecord = (i: number): IncomingRecord => {
  const cells = [
    String(1_000_000 + i),
    `bucket/2024/image-${i}.jpg`,
    `user${i % 1000}@example.org`,
    String(1 + (i % 4000)),
    String(1 + (i % 3000)),
    ['photo', 'drawing', 'scan'][i % 3]!,
    `${i % 1000}.${10 + (i % 90)}`,
    String((i % 1000) / 1001),
    i % 2 === 0 ? 't' : 'f',
    '{"timeofday": "night", "weather": "rain", "camera": {"model": "x100", "lens": 35}}',
    '2024-05-06 07:08:09.123456+00',
  ]
  const value = RawRecord.encode({
    record: {
      $case: 'change',
      value: {
        origin: origin(Op.UPDATE, i),
        relation: 1n,
        old: undefined,
        new: { kinds: Buffer.from('tttttttttttn'), values: cells.map(cell => Buffer.from(cell)) },
        tooLargeBytes: 0,
      },
    },
  }).finish()
  return { offset: BigInt(i), key: Buffer.from(cells[0]!), value: Buffer.from(value), timestamp: 0 }
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const run = (total: number): void => {
  const pipeline = benchPipeline()
  const step = new DatasetStep(pipeline, pipeline.datasets.get('row')!, () => RELATION, Date.now)
  const records = Array.from({ length: 5000 }, (_, i) => rawRecord(i))
  const round = (count: number): void => {
    for (let done = 0; done < count; done += records.length) {
      const out: OutgoingRecord[] = []
      for (const record of records) step.take({ topic: step.rawTopic, partition: 0, record }, out)
      if (out.length !== records.length) throw new Error('a record of the benchmark was rejected')
    }
  }
  round(50_000)
  const before = cpuSeconds()
  round(total)
  const seconds = cpuSeconds() - before
  console.log(
    JSON.stringify({
      bench: 'validator-engine',
      columns: 12,
      rules: 10,
      records: total,
      cpuSeconds: seconds,
      recordsPerCpuSecond: Math.round(total / seconds),
    }),
  )
}

run(Number(process.argv[2] ?? 500_000))

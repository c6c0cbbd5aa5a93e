/**
 * Row changes per CPU-second of the pure engine on LMDB, groups of 10 (design 05, bars): typed record -> router -> hop record ->
 * group stage -> document bytes, without Kafka. `node --conditions=@headrace/source apps/aggregator/src/engine.bench.ts [changes]`;
 * prints one JSON object.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Batch, OutgoingRecord } from '@headrace/kafka'
import { openStore } from '@headrace/store'
import { deriveMessage } from '@headrace/validation'
import { compileRowEncoder, frame, Op, Origin, partitionOf, schemaId } from '@headrace/wire'
import { BroadcastTask } from './steps/broadcast-task.ts'
import { CompleteAsOf } from './steps/complete-as-of.ts'
import { Doubt } from './steps/doubt.ts'
import { EmissionBudget } from './steps/emission-budget.ts'
import { GroupTask } from './steps/group-task.ts'
import { PartitionTask } from './steps/partition-task.ts'
import { RouterTask } from './steps/router-task.ts'
import { viewInputs } from './steps/view-inputs.ts'
import { testFolder } from './testing/test-folder.ts'

const CHANGES = Number(process.argv[2] ?? 100_000)
const GROUP = 10
const PER_TURN = 2000

const { folder, pipeline } = testFolder('bench', 1)
const view = viewInputs(pipeline, pipeline.views.get('parents')!)
const data = mkdtempSync(join(tmpdir(), 'headrace-bench-'))
const { store } = openStore({ folder: data, identity: {} })
const membership = { groupId: 'bench', memberId: '', generationId: 1, assignment: {} }
const routers = view.routers.map(input => new RouterTask(input, store, 0, 1))
const topics = view.topics.map((input, number) => ({
  input,
  group:
    input.roots.length === 0 && input.hop === undefined
      ? undefined
      : { number, input, emittedTo: 0n, doubt: new Doubt(0n), applied: 0n, consumed: 0n },
  routers: routers.filter(router => input.routers.includes(router.input)),
  routed: 0n,
  committed: undefined,
  committedMetadata: '',
  isDrained: false,
}))
const states = topics.flatMap(topic => (topic.group === undefined ? [] : [topic.group]))
const group = new GroupTask(view, store, states, false)
const task = new PartitionTask({
  partition: 0,
  store,
  group,
  broadcasts: new BroadcastTask([], store, group, []),
  edges: routers.map(router => router.edge),
  topics,
  making: '',
  isFromTheStart: false,
  completeAsOf: new CompleteAsOf({ view, partition: 0, store, committed: undefined, now: Date.now }),
  target: { topic: view.documentTopic, partition: 0, dead: view.dead },
})

const writerOf = (dataset: string) => {
  const schema = deriveMessage(pipeline.datasets.get(dataset)!.contract)
  const encoder = compileRowEncoder(schema)
  const id = schemaId(schema)
  const topic = pipeline.topics.validated(dataset)
  let lsn = 1n
  return (key: string, values: Readonly<Record<string, string>>): OutgoingRecord => {
    encoder.begin(
      Origin.encode({
        source: 'main',
        epoch: 1,
        commitLsn: ++lsn,
        ordinal: 0,
        xid: 1,
        commitTimeUs: 1_700_000_000_000_000n,
        op: Op.UPDATE,
        snapshot: false,
        repair: false,
        traceId: '',
        contractVersion: '1.0.0',
        unchanged: [],
      }).finish(),
    )
    schema.fields.forEach((field, index) => {
      const text = field.name === 'id' ? key : values[field.name]
      if (text !== undefined) encoder.write(index, Buffer.from(text))
    })
    return {
      topic,
      partition: partitionOf(key, 1),
      key: Buffer.from(key),
      value: frame(id, encoder.finish()),
    }
  }
}

const next = new Map<string, bigint>()
const batchOf = (topic: string, records: readonly OutgoingRecord[]): Batch => {
  let offset = next.get(topic) ?? 0n
  const incoming = records.map(({ key, value }) => ({ offset: offset++, key, value, timestamp: 0 }))
  next.set(topic, offset)
  return { topic, partition: 0, records: incoming, next: offset, endOffset: offset, membership }
}

const groupByTopic = (records: readonly OutgoingRecord[]): Map<string, OutgoingRecord[]> => {
  const groups = new Map<string, OutgoingRecord[]>()
  for (const record of records) {
    const group = groups.get(record.topic)
    if (group === undefined) groups.set(record.topic, [record])
    else group.push(record)
  }
  return groups
}

let emitted = 0
const turn = (records: readonly OutgoingRecord[]): void => {
  const byTopic = groupByTopic(records)
  const batches = [...byTopic].map(([topic, own]) => batchOf(topic, own))
  const out: OutgoingRecord[] = []
  const now = Date.now()
  for (const batch of batches) task.route(batch, out)
  task.apply(batches, now, new Map())
  const hops = groupByTopic(out)
  const before = out.length
  task.emit(
    now,
    { idleMs: 0, maxMs: 0, limit: 1e6 },
    { into: out, counts: new Map(), budget: new EmissionBudget(() => 0), routed: 0 },
  )
  emitted += out.length - before
  task.committed(task.offsets(true))
  const own = view.routers.map(({ hopTopic }) => hops.get(hopTopic) ?? []).flat()
  if (own.length > 0) turn(own)
}

const parent = writerOf('parent')
const child = writerOf('child')
const children = CHANGES
const parents = Math.ceil(children / GROUP)
const childRecord = (id: number, rank: number): OutgoingRecord =>
  child(String(id), {
    parent_id: String(1 + (id % parents)),
    class: ['car', 'truck', 'bus'][(id + rank) % 3]!,
    rank: String(rank),
  })

const measure = (changes: number, make: (index: number) => OutgoingRecord) => {
  const records = Array.from({ length: changes }, (_, index) => make(index))
  emitted = 0
  const cpu = process.cpuUsage()
  const started = performance.now()
  for (let i = 0; i < records.length; i += PER_TURN) turn(records.slice(i, i + PER_TURN))
  const used = process.cpuUsage(cpu)
  const cpuSeconds = (used.user + used.system) / 1e6
  return {
    changes,
    documents: emitted,
    changesPerCpuSecond: Math.round(changes / cpuSeconds),
    changesPerSecond: Math.round(changes / ((performance.now() - started) / 1000)),
  }
}

const shuffled = (index: number): number => (index * 7_919) % children
const result = {
  load: {
    parents: measure(parents, index =>
      parent(String(index + 1), {
        title: `t${index}`,
        extra: '{"a": 1}',
        changed_at: '2024-01-01 00:00:00+00',
      }),
    ),
    children: measure(children, index => childRecord(shuffled(index), 1)),
  },
  // random single rows: every change emits its document of ten children, but for the few that share one in a turn
  updates: measure(children, index => childRecord(shuffled(index), 2)),
  storeBytes: store.bytes(),
  node: process.version,
  cpu: `${cpus().length} x ${cpus()[0]?.model ?? ''}`,
}
await store.close()
rmSync(folder, { recursive: true, force: true })
rmSync(data, { recursive: true, force: true })
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)

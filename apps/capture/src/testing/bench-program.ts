import { ChangeDecoder, RelationTracker } from '@headrace/changes'
import { connect, createSlot, openReplication, type PostgresSession, readWalEnd } from '@headrace/postgres'
import { waitFor } from '@headrace/testkit'
import type { Delivery } from '../steps/delivery.ts'
import { createHarness, type Harness } from './harness.ts'

// argument: rows. Prints one line of JSON: rows per CPU-second of this process for load, stream and decoding alone.
const rows = Number(process.argv[2] ?? '300000')
const ROWS_PER_TRANSACTION = 100

const TABLE = `create table item (id int primary key, user_id int, amount numeric(10,2), created_at timestamptz, kind text, name text, note text)`
const columns = `i, i % 1000, i * 0.25, timestamptz '2026-01-01' + i * interval '1 second', 'kind ' || i % 10, 'name of row ' || i, repeat('x', 110)`

interface Figure {
  readonly rows: number
  readonly cpuSeconds: number
  readonly seconds: number
  readonly rowsPerCpuSecond: number
  readonly rowsPerSecond: number
}

/** CPU (user and system) and time of this process until `done`. */
const measure = async (count: number, done: () => Promise<unknown>): Promise<Figure> => {
  const cpu = process.cpuUsage()
  const before = performance.now()
  await done()
  const used = process.cpuUsage(cpu)
  const seconds = (performance.now() - before) / 1000
  const cpuSeconds = (used.user + used.system) / 1e6
  return {
    rows: count,
    cpuSeconds,
    seconds,
    rowsPerCpuSecond: Math.round(count / cpuSeconds),
    rowsPerSecond: Math.round(count / seconds),
  }
}

const writeStream = (harness: Harness): Promise<unknown> =>
  harness.database.query(
    `do $$ begin for t in 0..${rows / ROWS_PER_TRANSACTION - 1} loop
       insert into item select ${columns} from generate_series(${rows} + t * ${ROWS_PER_TRANSACTION} + 1, ${rows} + (t + 1) * ${ROWS_PER_TRANSACTION}) i; commit;
     end loop; end $$`,
  )

const decodeOnly = async (harness: Harness, slot: string, from: bigint, until: bigint): Promise<number> => {
  let seen = 0
  let end = 0n
  const relations = new RelationTracker({ tables: [{ schema: 'public', name: 'item', keyColumns: ['id'] }] })
  const sink = {
    relation: () => undefined,
    row: () => void (seen += 1),
    marker: () => undefined,
    commit: (_: unknown, endLsn: bigint) => void (end = endLsn),
  }
  const decoder = new ChangeDecoder({ source: 'db', epoch: 1, relations, sink })
  let reached: () => void = () => undefined
  const done = new Promise<void>(resolve => (reached = resolve))
  const handlers = {
    data: (buffer: Buffer, start: number, stop: number) => decoder.push(buffer, start, stop),
    keepalive: (walEnd: bigint) => void (walEnd >= until && reached()),
    chunk: () => void (end >= until && reached()),
  }
  const stream = await openReplication({
    connection: { url: harness.database.url },
    slot,
    publication: harness.slot,
    from,
    handlers,
  })
  await done
  await stream.stop()
  return seen
}

const run = async (harness: Harness, session: PostgresSession): Promise<Record<string, Figure>> => {
  await harness.database.query(`insert into item select ${columns} from generate_series(1, ${rows}) i`)
  let delivery: Delivery | undefined
  const observe = (made: Delivery): void => void (delivery = made)
  const first = harness.start({ observe })
  const load = await measure(rows, () =>
    waitFor(() => delivery?.committed.snapshot?.finished, {
      what: 'the load',
      timeoutMs: 300_000,
      everyMs: 5,
    }),
  )
  await waitFor(() => delivery?.idle, { what: 'the stream' })
  await first.stop()
  const decodeSlot = `${harness.slot}_decode`
  const slot = await createSlot({ url: harness.database.url }, decodeSlot)
  await slot.release()
  await writeStream(harness)
  const until = await readWalEnd(session)
  delivery = undefined
  const second = harness.start({ observe })
  const stream = await measure(rows, () =>
    waitFor(() => (delivery?.committed.acknowledgedLsn ?? 0n) >= until - 100_000n && delivery?.idle, {
      what: 'the stream',
      timeoutMs: 300_000,
      everyMs: 5,
    }),
  )
  await second.stop()
  const decode = await measure(rows, () => decodeOnly(harness, decodeSlot, slot.consistentLsn, until))
  return { load, stream, decode }
}

const harness = await createHarness([{ name: 'item', key: ['id'] }], TABLE, 4)
const session = await connect({ url: harness.database.url })
try {
  const figures = await run(harness, session)
  process.stdout.write(
    `${JSON.stringify({ node: process.version, rowBytes: 200, rowsPerTransaction: ROWS_PER_TRANSACTION, ...figures })}\n`,
  )
} finally {
  await session.stop()
  await harness.stop()
}

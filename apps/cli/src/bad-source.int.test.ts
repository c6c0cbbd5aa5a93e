import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { catalogue, type ErrorCode } from '@headrace/errors'
import { createKafka } from '@headrace/kafka'
import type { Stack } from '@headrace/local-stack'
import { loadPipeline, type Pipeline } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import {
  backendEnvironment,
  backends,
  createDatabase,
  openDatabase,
  type TestDatabase,
  uniqueName,
  waitFor,
} from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Ended, headrace, runProgram, type RunOptions } from './testing/run-command.ts'
import { topicPlan } from './topics/topic-plan.ts'

const SCHEMA = `
create table shop (id int primary key, name text not null);
create table item (id int primary key, shop_id int references shop)`

let root: string
let folder: string
let pipeline: Pipeline
let database: TestDatabase
/** A server without WAL for logical decoding and without TLS, which asks the role guest for a password. */
let server: Stack

const withLogin = (url: string, username: string, password: string): string =>
  Object.assign(new URL(url), { username, password }).href

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'headrace-source-'))
  folder = join(root, 'pipeline')
  // the server may run as another user
  chmodSync(root, 0o755)
  const rules = join(root, 'pg_hba.conf')
  writeFileSync(rules, 'host all guest all scram-sha-256\nhost all all all trust\n')
  const settings = { wal_level: 'replica', hba_file: rules }
  const { startStack } = await import('@headrace/local-stack')
  const starting = startStack({
    services: ['postgres'],
    ephemeral: true,
    own: true,
    options: { postgres: { settings } },
  })
  database = await createDatabase('source')
  await database.query(SCHEMA)
  server = await starting
  const own = openDatabase(server.postgresUrl, 1)
  await own.query(`create role guest login password 'right'`)
  await own.query(SCHEMA)
  await own.close()
  const pulled = await headrace([
    'contracts',
    'pull',
    '--postgres',
    database.url,
    '--out',
    folder,
    '--name',
    uniqueName('source'),
  ])
  if (pulled.status !== 0) throw new Error(pulled.stderr)
  const applied = await headrace(['topics', 'apply', folder], { env: backendEnvironment() })
  if (applied.status !== 0) throw new Error(applied.stderr)
  pipeline = loadPipeline(readPipelineFolder(folder))
})

afterAll(async () => {
  await server?.stop()
  if (pipeline !== undefined) {
    const kafka = createKafka({ brokers: backends().kafkaBrokers, clientId: 'bad-source' })
    await kafka.admin.delete(topicPlan(pipeline).map(({ topic }) => topic))
    await kafka.stop()
  }
  await database?.drop()
  rmSync(root, { recursive: true, force: true })
})

const check = (url: string): Promise<Ended> => headrace(['source', 'check', folder, '--postgres', url])

const dev = (url: string): Promise<Ended> =>
  headrace(['dev', folder, '--postgres', url], {
    env: { ...backendEnvironment(), XDG_STATE_HOME: join(root, 'state') },
  })

const capture = (url: string, options: RunOptions = {}): Promise<Ended> =>
  runProgram('apps/capture/src/main.ts', [], {
    ...options,
    env: {
      ...backendEnvironment(),
      HEADRACE_POSTGRES_URL: url,
      HEADRACE_PIPELINE: folder,
      HEADRACE_HTTP_PORT: '0',
    },
  })

/** One message with its code, what to do, and the code's own exit status. */
const expectRefusal = ({ status, stdout, stderr }: Ended, code: ErrorCode, advice: string): void => {
  const text = `${stdout}${stderr}`
  expect({ text, status }).toMatchObject({
    text: expect.stringContaining(`${code}: `),
    status: catalogue[code].exit,
  })
  expect(text).toContain(advice)
  // a line of a stack trace, also inside the JSON of a log line; the password
  expect(text).not.toMatch(/(?:^|\n|\\n)\s+at .*:\d+:\d+|node:internal|secret/)
}

describe('a source that cannot be captured', () => {
  it('without logical WAL: the list of what is missing, from all three', async () => {
    const url = server.postgresUrl
    const advice = `ALTER SYSTEM SET wal_level = 'logical'`
    const [checked, captured, ran] = [await check(url), await capture(url), await dev(url)]
    expect({ status: checked.status, text: checked.stdout }).toEqual({
      status: 1,
      text: expect.stringContaining(advice),
    })
    expectRefusal(captured, 'capture.source_unfit', advice)
    expectRefusal(ran, 'capture.source_unfit', advice)
  }, 900_000)

  it('with a wrong password', async () => {
    const url = withLogin(server.postgresUrl, 'guest', 'secret')
    for (const ended of [await check(url), await capture(url), await dev(url)])
      expectRefusal(ended, 'postgres.refused', 'Check user and password')
  }, 900_000)

  it('without the TLS that the address asks for', async () => {
    const url = `${server.postgresUrl}?sslmode=require`
    for (const ended of [await check(url), await capture(url), await dev(url)])
      expectRefusal(ended, 'postgres.refused', 'Set up TLS on the server')
  }, 900_000)

  it('with a slot that is ahead of the position in Kafka', async () => {
    const { slot } = pipeline.sources[0]!
    const streamed = await capture(database.url, { until: 'streaming' })
    expect({ status: streamed.status, text: streamed.stdout }).toEqual({
      status: 0,
      text: expect.stringContaining('streaming'),
    })
    await database.query(`insert into shop values (1, 'missed')`)
    // the server lets go of it in its own time
    await waitFor(
      async () =>
        (
          await database.query('select 1 from pg_replication_slots where slot_name = $1 and not active', [
            slot,
          ])
        ).length > 0,
      { what: 'the slot to be free' },
    )
    await database.query('select pg_replication_slot_advance($1, pg_current_wal_lsn())', [slot])
    for (const ended of [await capture(database.url), await dev(database.url)])
      expectRefusal(ended, 'capture.slot_ahead', 'headrace source reset')
  }, 900_000)
})

describe('tables that are not what their contracts say', () => {
  it('are listed by source check: an error where rows cannot be right, else a note', async () => {
    await headrace(['source', 'prepare', folder, '--postgres', database.url])
    await database.query('alter table shop add column opened date')
    const noted = await check(database.url)
    expect({ status: noted.status, text: noted.stdout }).toEqual({
      status: 0,
      text: expect.stringContaining('the column "opened" of public.shop is not in its contract'),
    })
    expect(noted.stdout).toContain('source main: ready')
    expect(noted.stdout).toContain('contracts pull --out OTHER')
    await database.query(
      'alter table shop drop column name; alter table item alter column shop_id type bigint',
    )
    const wrong = await check(database.url)
    expect({ status: wrong.status, text: wrong.stdout }).toEqual({
      status: 1,
      text: expect.stringContaining('source main: 2 missing'),
    })
    expect(wrong.stdout).toContain('the table public.shop has no column "name", which its contract has')
    expect(wrong.stdout).toContain('the column "shop_id" of public.item is of type bigint')
  }, 900_000)
})

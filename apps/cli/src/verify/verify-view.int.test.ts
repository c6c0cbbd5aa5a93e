import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type CompiledView, loadPipeline, type Pipeline } from '@headrace/pipeline'
import { connect } from '@headrace/postgres'
import { readPipelineFolder } from '@headrace/runtime'
import {
  backendEnvironment,
  backends,
  createDatabase,
  seededRandom,
  type TestDatabase,
  testSeed,
  uniqueName,
  waitFor,
} from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { HandMadeIndex } from '../testing/hand-made-index.ts'
import { headrace } from '../testing/run-command.ts'
import { type Verification, verifyView } from './verify-view.ts'

const SHOPS = 1_300

const SCHEMA = `
create type mood as enum ('sad', 'fine');
create table shop (country text, id int, name text not null, mood mood, area numeric(20,4), opened timestamptz not null default now(), meta jsonb, primary key (country, id));
create table item (id bigint primary key, shop_country text, shop_id int, price numeric not null, foreign key (shop_country, shop_id) references shop);
insert into shop (country, id, name, mood, area, opened, meta)
  select case when n % 3 = 0 then 'é"\\' else 'de' end, n, 'shop ' || n, (array['sad', 'fine'])[n % 2 + 1]::mood, n + 0.5000, '2024-01-01'::timestamptz + n * interval '1 hour',
    json_build_object('big', 9007199254740993 + n, 'night', n % 2 = 0)
  from generate_series(1, ${SHOPS}) n;
insert into item select n, country, id, n * 1.10 from shop, generate_series(id * 10, id * 10 + id % 4) n`

let database: TestDatabase
let dir: string
let pipeline: Pipeline
let view: CompiledView
let made: HandMadeIndex
const silent = { comparing: () => undefined, settling: () => undefined }

/** The folder comes from \`contracts pull\`; the view gets a name that no other test has. */
const pullFolder = async (): Promise<void> => {
  dir = mkdtempSync(join(tmpdir(), 'headrace-verify-'))
  const pulled = await headrace([
    'contracts',
    'pull',
    '--postgres',
    database.url,
    '--out',
    dir,
    '--name',
    'verify',
  ])
  if (pulled.status !== 0) throw new Error(pulled.stderr)
  const file = join(dir, 'views', 'shop.view.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('view: shop', `view: ${uniqueName('shops')}`))
  pipeline = loadPipeline(readPipelineFolder(dir))
  view = [...pipeline.views.values()][0]!
}

beforeAll(async () => {
  database = await createDatabase('verify')
  await database.query(SCHEMA)
  await pullFolder()
  made = await HandMadeIndex.open(pipeline, view, database.url, backends().elasticsearchUrl)
  await made.fill()
})

afterAll(async () => {
  await made?.drop()
  await database?.drop()
  rmSync(dir, { recursive: true, force: true })
})

const verify = async (settleMs: number, sample?: number): Promise<Verification> => {
  const session = await connect({ url: database.url })
  try {
    return await verifyView({
      pipeline,
      view,
      session,
      elasticsearch: made.elasticsearch,
      ...(sample === undefined ? {} : { sample }),
      settleMs,
      details: 20,
      now: () => performance.now(),
      progress: silent,
    })
  } finally {
    await session.stop()
  }
}

const keyOf = (n: number): string => JSON.stringify([n % 3 === 0 ? 'é"\\' : 'de', String(n)])

describe('view verify', () => {
  it('finds an index that was filled from the same rows equal', async () => {
    expect(await verify(0)).toMatchObject({
      equal: true,
      rows: SHOPS,
      documents: SHOPS,
      lookedAgain: 0,
      unsettled: [],
    })
    expect(await verify(0, 50)).toMatchObject({ equal: true, unsettled: [] })
  })

  it('finds a spoilt, a removed and an added document, and nothing else', async () => {
    const spoilt = (
      await made.elasticsearch.send({
        method: 'GET',
        path: `/${made.index.name}/_source/${encodeURIComponent(keyOf(7))}`,
      })
    ).text
    await made.put(
      keyOf(7),
      spoilt.replace('"night":false', '"night":true').replace(/"area":7\.50*/, '"area":7.50001'),
    )
    await made.put(keyOf(9), undefined)
    await made.put(keyOf(99_999), '{"country":"de"}')
    const result = await verify(1_000)
    expect(result).toMatchObject({ equal: false, lookedAgain: 3, truncated: false })
    const found = Object.fromEntries(
      result.unsettled.map(({ key, kind, differences }) => [
        key,
        [kind, ...differences.map(each => each.path)],
      ]),
    )
    expect(found).toEqual({
      [keyOf(7)]: ['differing', 'area', 'meta.night'],
      [keyOf(9)]: ['missing'],
      [keyOf(99_999)]: ['extra'],
    })
    expect(result.unsettled.every(each => !each.changing)).toBe(true)
  })

  it('says so on the command line, without values unless asked for them', async () => {
    const args = ['view', 'verify', view.name, '--pipeline', dir, '--settle', '1']
    const env = { ...backendEnvironment(), HEADRACE_POSTGRES_URL: database.url }
    const [plain, json] = await Promise.all([
      headrace(args, { env }),
      headrace([...args, '--json', '--show-values'], { env }),
    ])
    expect([plain.status, json.status]).toEqual([1, 1])
    expect(plain.stdout).toContain('1 missing, 1 extra, 1 differing')
    expect(plain.stdout).toContain('meta.night')
    expect(plain.stdout).not.toContain('7.50001')
    expect(JSON.parse(json.stdout)).toMatchObject({ equal: false, missing: 1, extra: 1, differing: 1 })
    expect(json.stdout).toContain('7.50001')
    // the Kafka that the environment names has no topic of this pipeline
    expect(plain.stdout).toContain('Rows that their contract withholds count as differences')
  })

  it('is right again when the index is mended', async () => {
    await made.follow([keyOf(7), keyOf(9), keyOf(99_999)])
    expect(await verify(2_000)).toMatchObject({ equal: true })
  })

  it('stays true while rows change and documents follow with a delay', async () => {
    const random = seededRandom(testSeed())
    const stop = new AbortController()
    const changed = new Set<string>()
    let changes = 0
    const writer = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const n = 1 + Math.floor(random.next() * SHOPS)
        const [{ country }] = (await database.query<{ country: string }>(
          'select country from shop where id = $1',
          [n],
        )) as [{ country: string }]
        await database.query(
          'update shop set name = name || $3, area = area + 1 where (country, id) = ($1, $2)',
          [country, n, '!'],
        )
        await database.query(
          'insert into item values ($1, $2, $3, 3.3) on conflict (id) do update set price = item.price + 1',
          [1_000_000 + n, country, n],
        )
        changes++
        changed.add(keyOf(n))
        await delay(5)
      }
    }
    // all keys of a while at once: however slow the machine, it keeps up with the writers
    const follower = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        await delay(400)
        const keys = [...changed]
        changed.clear()
        await made.follow(keys)
      }
    }
    const writers = Promise.all([writer(), writer(), follower()])
    try {
      await waitFor(() => changes > 20, { what: 'the writers to be under way' })
      // it would prove nothing if every document had followed at once: then once more
      for (let times = 0, lookedAgain = 0; times < 2 || lookedAgain === 0; times++) {
        const { equal, unsettled, lookedAgain: keys } = await verify(60_000)
        expect({ equal, unsettled }).toEqual({ equal: true, unsettled: [] })
        lookedAgain += keys
      }
    } finally {
      stop.abort()
      await writers
    }
  })
})

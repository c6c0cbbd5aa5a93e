import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  backends,
  createDatabase,
  type DevProcess,
  type DevState,
  dropIndices,
  readIndex,
  startDev,
  type TestDatabase,
  uniqueName,
  waitFor,
} from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Ended, headrace } from '../testing/run-command.ts'

const SCHEMA = `
create table shop (id int primary key, area int);
create table item (id int primary key, shop_id int references shop, price int);
insert into shop select n, n from generate_series(1, 20) n;
insert into item select n, n % 20 + 1, n from generate_series(1, 100) n;
update shop set area = -1 where id = 3;
update item set price = -1 where id in (7, 8)`

const view = uniqueName('withheld')
let database: TestDatabase
let dir: string
let dev: DevProcess | undefined
let state: DevState

/** No negative numbers in a field. */
const addRule = (dataset: string, field: string): void => {
  const file = join(dir, 'contracts', `${dataset}.odcs.yaml`)
  const text = readFileSync(file, 'utf8')
  const changed = text.replace(
    new RegExp(`(- name: ${field}\\n)`),
    '$1        logicalTypeOptions: { minimum: 0 }\n',
  )
  if (changed === text) throw new RangeError(`${file} has no field ${field}`)
  writeFileSync(file, changed)
}

const pullFolder = async (): Promise<void> => {
  dir = mkdtempSync(join(tmpdir(), 'headrace-withheld-'))
  const pulled = await headrace([
    'contracts',
    'pull',
    '--postgres',
    database.url,
    '--out',
    dir,
    '--name',
    view.slice(-30),
  ])
  if (pulled.status !== 0) throw new Error(pulled.stderr)
  addRule('shop', 'area')
  addRule('item', 'price')
  const file = join(dir, 'views', 'shop.view.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replace('view: shop', `view: ${view}`))
}

const verify = (...options: readonly string[]): Promise<Ended> =>
  headrace([
    ...['view', 'verify', view, '--pipeline', dir, '--postgres', database.url],
    ...['--elasticsearch', state.elasticsearch, '--settle', '120', ...options],
  ])

const withKafka = (): readonly string[] => ['--kafka', state.kafka.join(',')]

/** As searches see them from now on. */
const documents = () => readIndex(state.elasticsearch, view)

beforeAll(async () => {
  database = await createDatabase('withheld')
  await database.query(SCHEMA)
  await pullFolder()
  const { kafkaBrokers, elasticsearchUrl } = backends()
  dev = startDev({
    pipelineDir: dir,
    args: [
      ...['--postgres', database.url, '--kafka', kafkaBrokers.join(',')],
      ...['--elasticsearch', elasticsearchUrl],
    ],
  })
  state = await dev.ready
})

afterAll(async () => {
  await dev?.stop()
  await dropIndices(backends().elasticsearchUrl, view)
  await database?.drop()
  rmSync(dir, { recursive: true, force: true })
})

describe('view verify with withheld rows', () => {
  it('lists them apart, in the root and inside documents, and finds the rest equal', async () => {
    // what it counts is what it finds at first sight: all has to be there
    expect((await verify(...withKafka())).status).toBe(0)
    expect((await documents()).size).toBe(19)
    const [text, json] = await Promise.all([verify(...withKafka()), verify(...withKafka(), '--json')])
    expect({ text: text.stdout, status: text.status }).toMatchObject({
      text: expect.stringMatching(
        /equal: [^]*3 rows withheld by their contracts[^]*item 7: contract\.range at price/,
      ),
      status: 0,
    })
    const { withheldRows, ...rest } = JSON.parse(json.stdout) as { withheldRows: readonly object[] }
    expect(rest).toMatchObject({
      equal: true,
      missing: 0,
      differing: 0,
      withheld: 3,
      rows: 19,
      documents: 19,
    })
    expect(withheldRows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ dataset: 'shop', key: '3', code: 'contract.range', path: 'area' }),
        expect.objectContaining({ dataset: 'item', key: '8', code: 'contract.range', path: 'price' }),
      ]),
    )
  })

  it('counts them as differences without Kafka, and says how to tell them apart', async () => {
    const ended = await verify('--settle', '0')
    expect(ended.status).toBe(1)
    expect(ended.stdout).toMatch(/1 missing, 0 extra, 2 differing[^]*--kafka/)
  })

  it('follows a row that becomes valid, one that becomes invalid and one that is deleted', async () => {
    await database.query('update item set price = 1 where id = 7; update shop set area = -5 where id = 9')
    await database.query('delete from item where id = 8')
    await waitFor(
      async () => {
        const found = await documents()
        return !found.has('9') && /"id":7\b/.test(found.get('8') ?? '')
      },
      { what: 'both in the index', timeoutMs: 120_000, everyMs: 200 },
    )
    const ended = await verify(...withKafka(), '--json')
    expect(JSON.parse(ended.stdout)).toMatchObject({ equal: true, withheld: 2, rows: 18 })
    expect(ended.stdout).not.toContain('"item"')
  })

  it('still finds what is wrong beside them', async () => {
    const beyond = 'version=9000000000000000000&version_type=external&refresh=true'
    const { ok } = await fetch(`${state.elasticsearch}/${view}/_doc/5?${beyond}`, { method: 'DELETE' })
    expect(ok).toBe(true)
    const ended = await verify(...withKafka(), '--settle', '1', '--json')
    expect(ended.status).toBe(1)
    expect(JSON.parse(ended.stdout)).toMatchObject({ equal: false, missing: 1, differing: 0, withheld: 2 })
  })
})

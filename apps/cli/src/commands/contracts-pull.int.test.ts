import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspectPipeline } from '@headrace/pipeline'
import { readPipelineFolder } from '@headrace/runtime'
import { createDatabase, type TestDatabase } from '@headrace/testkit'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type Ended, headrace } from '../testing/run-command.ts'

const SCHEMA = `
create type mood as enum ('sad', 'ok');
create domain price as numeric(10,2);
create table shop (country text, id int, name varchar(80) not null, mood mood not null, moods mood[], primary key (country, id));
comment on table shop is 'Where things are sold: "all"';
comment on column shop.name is 'As on the sign # and all';
create table item (no uuid primary key, shop_country text, shop_id int, "Unit Price" price, at timestamptz(3), meta jsonb,
  twice int generated always as (2) stored, odd "char", foreign key (shop_country, shop_id) references shop);
create table label (id bigint primary key);
create table item_label (item_no uuid references item, label_id bigint references label, primary key (label_id, item_no));
create table "order" (no bigint primary key, shop_country text, shop_id int, foreign key (shop_country, shop_id) references shop);
create table no_key (a int);
create table late_key (a int primary key deferrable);
create table padded_key (a char(4) primary key);
create table by_index (a int not null); create unique index by_index_a on by_index (a); alter table by_index replica identity using index by_index_a;
create unlogged table fast (a int primary key);
create table parts (id int, d date, primary key (id, d)) partition by range (d);
create table part_1 partition of parts for values from ('2020-01-01') to ('2030-01-01');
create view seen as select * from shop;
create schema other; create table other.label (id int primary key)`

let database: TestDatabase
let dir: string
const pull = (...args: string[]): Promise<Ended> =>
  headrace(['contracts', 'pull', '--postgres', database.url, '--out', dir, '--json', ...args])
const read = (path: string): string => readFileSync(join(dir, path), 'utf8')

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'headrace-pull-'))
  database = await createDatabase('pull')
  await database.query(SCHEMA)
})

afterAll(async () => {
  await database?.drop()
  rmSync(dir, { recursive: true, force: true })
})

describe('contracts pull', () => {
  it('writes a folder that passes the check, and says what it left out and why', async () => {
    const ended = await pull('--schema', 'public', '--schema', 'other')
    expect({ status: ended.status, stderr: ended.stderr }).toEqual({ status: 0, stderr: '' })
    const result = JSON.parse(ended.stdout) as {
      datasets: string[]
      notes: { what: string; why: string }[]
      view: string
    }
    expect(result.datasets.sort()).toEqual([
      'by_index',
      'item',
      'item_label',
      'order',
      'other_label',
      'parts',
      'public_label',
      'shop',
    ])
    const notes = Object.fromEntries(result.notes.map(({ what, why }) => [what, why]))
    expect(notes).toEqual({
      'public.no_key': expect.stringContaining('no primary key'),
      'public.late_key': expect.stringContaining('deferrable'),
      'public.padded_key': expect.stringContaining('char(n)'),
      'public.fast': expect.stringContaining('unlogged'),
      'public.item.twice': expect.stringContaining('generated'),
      'public.item.odd': expect.stringContaining('not supported'),
      'public.seen': expect.stringContaining('view'),
    })
    const { pipeline, problems } = inspectPipeline(readPipelineFolder(dir))
    expect(problems).toEqual([])
    const field = (dataset: string, name: string): unknown =>
      pipeline?.datasets.get(dataset)?.contract.fields.find(each => each.name === name)
    expect(pipeline?.datasets.get('item_label')?.contract.primaryKey).toEqual(['label_id', 'item_no'])
    expect(field('item', 'Unit_Price')).toMatchObject({
      column: 'Unit Price',
      type: { kind: 'decimal' },
      required: false,
    })
    expect(field('shop', 'mood')).toMatchObject({
      type: { kind: 'text', labels: ['sad', 'ok'] },
      rules: [{ rule: 'enum' }],
      required: true,
    })
    expect(field('shop', 'moods')).toMatchObject({
      type: { dimensions: 1, labels: ['sad', 'ok'] },
      rules: [],
    })
    expect(read('contracts/shop.odcs.yaml')).toContain('As on the sign # and all')
  })

  it('begins with a view of the table that most others refer to', () => {
    const text = read('views/shop.view.yaml')
    expect(text).toContain('root: shop')
    expect(text).toContain('on: { shop_country: country, shop_id: id }')
    expect(text).toContain('counts.order: { count: order }')
  })

  it('begins with a view whatever the tables are called', async () => {
    await database.query(`create schema odd; create table odd."true" ("null" int primary key, "A b" text);
      create table odd."x/." (id int primary key, "null" int references odd."true")`)
    const folder = mkdtempSync(join(tmpdir(), 'headrace-pull-odd-'))
    try {
      const args = ['--postgres', database.url, '--schema', 'odd', '--out', folder]
      expect((await headrace(['contracts', 'pull', ...args])).status).toBe(0)
      expect(readFileSync(join(folder, 'views', 'true.view.yaml'), 'utf8')).toContain(
        'root: "true"\nfields: ["null", A_b]\nlists:\n  x__:\n    from: x__\n    on: { "null": "null" }\n',
      )
      expect((await headrace(['check', folder])).status).toBe(0)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('overwrites nothing that somebody edited, unless told to', async () => {
    const again = await pull('--schema', 'public', '--schema', 'other')
    expect(JSON.parse(again.stdout)).toMatchObject({ written: [], overwritten: [] })
    writeFileSync(
      join(dir, 'contracts/shop.odcs.yaml'),
      read('contracts/shop.odcs.yaml').replace('name: ""', 'name: shops'),
    )
    writeFileSync(join(dir, 'views/shop.view.yaml'), `# mine\n${read('views/shop.view.yaml')}`)
    const refused = await pull('--schema', 'public', '--schema', 'other')
    expect(refused.status).toBe(73)
    expect(refused.stdout).toContain('contracts/shop.odcs.yaml')
    expect(read('contracts/shop.odcs.yaml')).toContain('name: shops')
    const forced = await pull('--schema', 'public', '--schema', 'other', '--force')
    expect(JSON.parse(forced.stdout)).toMatchObject({ overwritten: ['contracts/shop.odcs.yaml'] })
    // the view is never ours again
    expect(read('views/shop.view.yaml')).toContain('# mine')
  })

  it('lists the enforced rules and the others by path', async () => {
    const listed = await headrace(['contracts', 'check', dir, '--json'])
    const { enforced, unenforced } = JSON.parse(listed.stdout) as {
      enforced: { path: string; rules: string[] }[]
      unenforced: string[]
    }
    expect(enforced).toContainEqual({ path: 'shop.mood', rules: ['text', 'required', 'one of sad, ok'] })
    expect(unenforced).toEqual([])
  })
})

import { afterEach, describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { applied, sorted, tableRows } from './testing/checks.ts'
import { createHarness, type Harness, type RunningCapture } from './testing/harness.ts'

const COLUMNS = `b boolean, s smallint, l bigint, r real, d double precision, n numeric, p price, t text, v varchar(9), c char(5), y bytea, da date,
  ti time, tz timetz, ts timestamp, tt timestamptz, iv interval, j json, jb jsonb, m mood, ms mood[], ia int[], ta text[], rg int4range,
  mr nummultirange, ip inet, ma macaddr, bi bit varying(5), pt point, x xml, mo money`
const TABLE = `create type mood as enum ('sad', 'ok'); create domain price as numeric(20,4);
  create table item (id uuid primary key default gen_random_uuid(), ${COLUMNS})`

const VALUES = [
  `true, -32768, 9223372036854775807, 'NaN', '-Infinity', 'NaN', 1.5, E'tab\\tline\\nback\\\\slash \\\\N', 'é💧', 'ab', '\\x00ff5c', 'infinity', '24:00', '24:00+14', '4713-01-01 BC', 'infinity', '1 year -2 days 03:04:05.000006', '{"a": 1,  "a": 2}', '{"b": [1, null]}', 'sad', '{sad,NULL,ok}', '{{1,2},{3,NULL}}', array['a,b', '"q"', '{}', null, ''], '[1,5)', '{[1,2),[5,6]}', '10.0.0.1/8', '08:00:2b:01:02:03', '10101', '(1.5,-2)', '<a>x</a>', 1234.5`,
  `false, 0, 0, 1e-30, 0.1, 'Infinity', -0.0000, '', '', '', '', '0044-03-15 BC', '00:00', '23:59:59.999999-12', '-infinity', '0001-01-01 00:00:00+00 BC', '-00:00:01', 'null', '"x"', 'ok', '{}', '{}', '{}', 'empty', '{}', '::1', '08:00:2b:01:02:03', '', '(0,0)', '', -1`,
  Array.from({ length: 31 }, () => 'null').join(', '),
]

describe('C11 values', () => {
  let harness: Harness
  let capture: RunningCapture | undefined
  afterEach(async () => {
    await capture?.stop().catch(() => undefined)
    await harness.stop()
  })

  it('pass as Postgres prints them, in the first load and in the stream alike', async () => {
    harness = await createHarness([{ name: 'item', key: ['id'] }], TABLE)
    const columns = COLUMNS.split(/,\s+/)
      .map(column => column.split(' ')[0])
      .join(', ')
    const insert = async (): Promise<void> => {
      for (const values of VALUES)
        await harness.database.query(`insert into item (${columns}) values (${values})`)
    }
    await insert()
    let streaming = false
    capture = harness.start({ log: line => (streaming ||= line.includes('"streaming"')) })
    await waitFor(() => streaming, { what: 'the stream' })
    await insert()
    const changes = await waitFor(
      async () => {
        const all = await harness.changes('item')
        return all.length === 2 * VALUES.length && all
      },
      { what: 'all rows' },
    )
    expect(changes.filter(change => change.snapshot)).toHaveLength(VALUES.length)
    expect(sorted(applied(changes))).toEqual(sorted(await tableRows(harness, 'item')))
  })
})

import type { Random, Statement } from '@headrace/testkit'
import { literal } from '../retail-sql.ts'
import type { RetailTable } from '../rows.ts'
import type { Row, Value } from '../values.ts'

/** Primary keys, column by column. */
export const KEYS: Readonly<Record<RetailTable, readonly string[]>> = {
  employee: ['employee_no'],
  category: ['category_code'],
  tag: ['tag_id'],
  tariff: ['rate'],
  product: ['product_uid'],
  product_tag: ['product_uid', 'tag_id'],
  customer: ['region_code', 'customer_no'],
  order: ['shop_code', 'order_no'],
  order_line: ['shop_code', 'order_no', 'line_no'],
  shipment_event: ['event_id'],
}

export const statement = (sql: string): Statement => ({ sql, params: [] })

export const literals = (values: readonly Value[]): string => values.map(literal).join(', ')

/** The key of some row that is there when the statement runs: which one is drawn here. */
export const anyKey = (random: Random, table: RetailTable, columns = KEYS[table]): string => {
  const key = columns.join(', ')
  return `(select ${key} from retail."${table}" order by ${key} offset floor(${random.next()} * (select count(*) from retail."${table}")) limit 1)`
}

export const keyColumns = (table: RetailTable): string => `(${KEYS[table].join(', ')})`

export const updateAny = (random: Random, table: RetailTable, values: Row): Statement => {
  const set = Object.entries(values).map(([column, value]) => `${column} = ${literal(value)}`)
  return statement(
    `update retail."${table}" set ${set.join(', ')} where ${keyColumns(table)} = ${anyKey(random, table)}`,
  )
}

export const deleteAny = (random: Random, table: RetailTable): Statement =>
  statement(`delete from retail."${table}" where ${keyColumns(table)} = ${anyKey(random, table)}`)

export const deleteKey = (table: RetailTable, key: readonly Value[]): Statement =>
  statement(`delete from retail."${table}" where ${keyColumns(table)} = (${literals(key)})`)

/** Key columns of a row that is there, taken into columns of another row. */
export interface Referring {
  readonly columns: readonly string[]
  readonly to: RetailTable
  /** Without a row to refer to there is no insert; else there are nulls. */
  readonly required?: boolean
}

/** Inserts one row: given values, and keys of rows that it refers to. */
export const insertReferring = (
  random: Random,
  table: RetailTable,
  values: Row,
  references: readonly Referring[],
  conflict = 'do nothing',
): Statement => {
  const columns = [...Object.keys(values), ...references.flatMap(({ columns: own }) => own)]
  const selected = [
    ...Object.values(values).map(literal),
    ...references.flatMap(({ to }, at) => KEYS[to].map(column => `r${at}.${column}`)),
  ]
  const from = references.map(
    ({ to, required = false }, at) =>
      `${required ? 'join' : 'left join'} ${anyKey(random, to)} r${at} on true`,
  )
  return statement(
    `insert into retail."${table}" (${columns.join(', ')}) overriding system value
     select ${selected.map((each, at) => `${each}${CASTS[columns[at] ?? ''] ?? ''}`).join(', ')} from (select 1) one ${from.join(' ')} on conflict ${conflict}`,
  )
}

/** Texts that a SELECT would not turn into the column's type by itself. */
const CASTS: Readonly<Record<string, string>> = {
  hired_on: '::date',
  salary: '::numeric',
  sort_position: '::smallint',
  rate: '::numeric',
  rebate: '::numeric',
  product_uid: '::uuid',
  price: '::numeric',
  weight_kg: '::double precision',
  released_on: '::date',
  discontinued_at: '::timestamptz',
  measures: '::integer[]',
  attributes: '::jsonb',
  weight: '::numeric',
  added_at: '::timestamptz',
  tier: '::retail.customer_tier',
  credit_limit: '::numeric',
  joined_at: '::timestamptz',
  preferences: '::json',
  customer_no: '::bigint',
  status: '::retail.order_status',
  placed_at: '::timestamptz',
  total: '::numeric',
  order_no: '::bigint',
  unit_price: '::numeric',
  discount: '::numeric',
  kind: '::retail.shipment_kind',
  happened_at: '::timestamp',
}

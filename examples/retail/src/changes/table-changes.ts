import type { Random, Statement } from '@headrace/testkit'
import type { RetailTable } from '../rows.ts'
import { type Row, VALUES, type Value } from '../values.ts'
import { newKey } from './new-keys.ts'
import {
  anyKey,
  deleteAny,
  deleteKey,
  insertReferring,
  KEYS,
  keyColumns,
  literals,
  type Referring,
  statement,
  updateAny,
} from './row-sql.ts'

/** Columns that refer to a row and are not part of the key. */
export const REFERENCES: Readonly<Record<RetailTable, readonly Referring[]>> = {
  employee: [{ columns: ['manager_no'], to: 'employee' }],
  category: [{ columns: ['parent_code'], to: 'category' }],
  tag: [],
  tariff: [],
  product: [
    { columns: ['category_code'], to: 'category' },
    { columns: ['tariff_rate'], to: 'tariff' },
  ],
  product_tag: [{ columns: ['added_by'], to: 'employee' }],
  customer: [{ columns: ['account_manager'], to: 'employee' }],
  order: [{ columns: ['customer_region', 'customer_no'], to: 'customer' }],
  order_line: [{ columns: ['product_uid'], to: 'product' }],
  shipment_event: [{ columns: ['shop_code', 'order_no', 'line_no'], to: 'order_line' }],
}

/** Columns of the key that are the keys of other rows. */
const OWNERS: Partial<Readonly<Record<RetailTable, readonly Referring[]>>> = {
  product_tag: [
    { columns: ['product_uid'], to: 'product', required: true },
    { columns: ['tag_id'], to: 'tag', required: true },
  ],
  order_line: [{ columns: ['shop_code', 'order_no'], to: 'order', required: true }],
}

const keyRow = (table: RetailTable, key: readonly Value[]): Row =>
  Object.fromEntries(KEYS[table].map((column, at) => [column, key[at] ?? null]))

const ownKey = (random: Random, table: RetailTable): Row => {
  const owned = new Set((OWNERS[table] ?? []).flatMap(({ columns }) => columns))
  return Object.fromEntries(
    Object.entries(keyRow(table, newKey(random, table))).filter(([column]) => !owned.has(column)),
  )
}

const referencesOf = (table: RetailTable): readonly Referring[] => [
  ...(OWNERS[table] ?? []),
  ...REFERENCES[table],
]

const excluded = (values: Row): string =>
  Object.keys(values)
    .map(column => `${column} = excluded.${column}`)
    .join(', ')

/** Some of the columns, at least one. */
const someOf = (random: Random, values: Row): Row => {
  const columns = random.shuffled(Object.entries(values))
  return Object.fromEntries(columns.slice(0, random.int(1, columns.length)))
}

export type TableChange = (random: Random, table: RetailTable) => readonly Statement[]

export const insert: TableChange = (random, table) => [
  insertReferring(random, table, { ...ownKey(random, table), ...VALUES[table](random) }, referencesOf(table)),
]

/** Insert or update: also brings deleted rows back. */
export const put: TableChange = (random, table) => {
  const values = VALUES[table](random)
  return [
    insertReferring(
      random,
      table,
      { ...ownKey(random, table), ...values },
      referencesOf(table),
      `${keyColumns(table)} do update set ${excluded(values)}`,
    ),
  ]
}

export const update: TableChange = (random, table) => [
  updateAny(random, table, someOf(random, VALUES[table](random))),
]

/** A row written with what it has: a change of nothing. */
export const updateNothing: TableChange = (random, table) => {
  const [column = ''] = KEYS[table]
  return [
    statement(
      `update retail."${table}" set ${column} = ${column} where ${keyColumns(table)} = ${anyKey(random, table)}`,
    ),
  ]
}

export const remove: TableChange = (random, table) => [deleteAny(random, table)]

/** Rows that hang on it follow, are cut off, or go with it, as the foreign keys say. */
export const changeKey: TableChange = (random, table) => {
  const key = newKey(random, table)
  return [
    statement(
      `update retail."${table}" set ${keyColumns(table)} = row(${literals(key)}) where ${keyColumns(table)} = ${anyKey(random, table)}
       and not exists (select from retail."${table}" where ${keyColumns(table)} = (${literals(key)}))`,
    ),
  ]
}

/** Deleted and inserted again in one transaction, sometimes twice. */
export const replace: TableChange = (random, table) => {
  const key = newKey(random, table)
  const again = (): readonly Statement[] => [
    deleteKey(table, key),
    insertReferring(random, table, { ...keyRow(table, key), ...VALUES[table](random) }, REFERENCES[table]),
  ]
  return random.chance(0.8) ? again() : [...again(), ...again()]
}

const setReference = (random: Random, table: RetailTable, { columns, to }: Referring): string => {
  const names = `(${columns.join(', ')})`
  const chance = random.next()
  if (chance < 0.15) return `${names} = row(${columns.map(() => 'null').join(', ')})`
  if (chance < 0.25) return `${random.pick(columns)} = null`
  if (chance < 0.35 && to === table) return `${names} = row(${KEYS[table].join(', ')})`
  return `${names} = ${anyKey(random, to)}`
}

/** One reference of some row: to another row, to nothing, half of it to nothing, to itself. */
export const reparent: TableChange = (random, table) => {
  const reference = random.pick(REFERENCES[table])
  return [
    statement(
      `update retail."${table}" set ${setReference(random, table, reference)} where ${keyColumns(table)} = ${anyKey(random, table)}`,
    ),
  ]
}

/** Everything that refers to one row now refers to another. */
export const moveAll: TableChange = (random, table) => {
  const { columns, to } = random.pick(REFERENCES[table])
  const names = `(${columns.join(', ')})`
  return [
    statement(
      `update retail."${table}" set ${names} = ${anyKey(random, to)} where ${names} = ${anyKey(random, to)}`,
    ),
  ]
}

/** Two rows change places through a key that neither has. */
export const swapKeys: TableChange = (random, table) => {
  const [first, second, third] = [newKey(random, table), newKey(random, table), newKey(random, table)]
  const rename = (from: readonly Value[], to: readonly Value[]): Statement =>
    statement(
      `update retail."${table}" set ${keyColumns(table)} = row(${literals(to)}) where ${keyColumns(table)} = (${literals(from)})`,
    )
  return [deleteKey(table, third), rename(first, third), rename(second, first), rename(third, second)]
}

import type { Random } from '@headrace/testkit'

export type Value = string | number | boolean | null
export type Row = Readonly<Record<string, Value>>

/** Rows by table, parents before children. */
export type RetailRows = Readonly<Record<RetailTable, readonly Row[]>>

export const RETAIL_TABLES = [
  'employee',
  'category',
  'tag',
  'product',
  'product_tag',
  'customer',
  'order',
  'order_line',
  'shipment_event',
] as const
export type RetailTable = (typeof RETAIL_TABLES)[number]

const NAMES = [
  'Ada',
  'bob',
  "O'Hara",
  'Zoë',
  'Ångström',
  'Łukasz',
  '李雷',
  'back\\slash',
  '😀 Smile',
  'Quote "Q"',
  'ada',
]
const WORDS = ['chair', 'Table', 'lamp', 'Sofa', 'écran', 'desk', '椅子', 'two  words', 'tab\there', '']
const STATUSES = ['draft', 'placed', 'placed', 'paid', 'shipped', 'cancelled']
const EVENTS = ['packed', 'handed over', 'in transit', 'in transit', 'delivered', 'returned']

const range = (length: number): number[] => Array.from({ length }, (_, index) => index)
const cents = (random: Random, most: number): string => (random.int(0, most * 100) / 100).toFixed(2)
const maybe = <T extends Value>(random: Random, value: T, probability = 0.75): T | null =>
  random.chance(probability) ? value : null

const instant = (random: Random): string => {
  const at = new Date(Date.UTC(2020, 0, 1) + random.int(0, 150_000_000) * 1000).toISOString().slice(0, 19)
  return random.chance(0.3) ? `${at}.${random.int(0, 999_999).toString().padStart(6, '0')}Z` : `${at}Z`
}

const day = (random: Random): string => instant(random).slice(0, 10)

const uuid = (random: Random): string => {
  const hex = range(32)
    .map(() => random.int(0, 15).toString(16))
    .join('')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-4$3-8$4-$5')
}

const employees = (random: Random, count: number): Row[] =>
  range(count).map(index => ({
    employee_no: index + 1,
    full_name: random.pick(NAMES),
    manager_no: index === 0 ? null : maybe(random, random.int(1, Math.min(index, 9)), 0.9),
    hired_on: day(random),
    salary: maybe(random, cents(random, 90_000)),
  }))

const categories = (random: Random, count: number): Row[] =>
  range(count).map(index => ({
    category_code: `C-${index}`,
    parent_code: index === 0 ? null : maybe(random, `C-${random.int(0, Math.ceil(index / 3) - 1)}`, 0.9),
    title: random.pick(WORDS),
    sort_position: maybe(random, random.int(1, 5)),
  }))

const tags = (random: Random, count: number): Row[] =>
  range(count).map(index => ({
    tag_id: index - 2,
    label: `${random.pick(NAMES)} ${index}`,
    colour: maybe(random, random.pick(['red', 'Blue'])),
  }))

const products = (random: Random, count: number, categoryRows: readonly Row[]): Row[] =>
  range(count).map(() => ({
    product_uid: uuid(random),
    category_code: maybe(random, random.pick(categoryRows)['category_code'] as string, 0.9),
    product_title: `${random.pick(WORDS)} ${random.pick(WORDS)}`,
    price: cents(random, 900),
    weight_kg: maybe(random, random.pick(['0.1', '1e-7', '12.5', '3', '1e22'])),
    released_on: maybe(random, day(random)),
    discontinued_at: maybe(random, instant(random), 0.2),
    measures: maybe(random, random.pick(['{}', '{1,2,3}', '{10,NULL}'])),
    attributes: JSON.stringify({
      legs: random.int(0, 4),
      'a b': random.pick(WORDS),
      nested: { ok: random.chance() },
    }),
  }))

const productTags = (random: Random, rows: readonly Row[], tagRows: readonly Row[], staff: number): Row[] =>
  rows.flatMap(({ product_uid = null }) =>
    random
      .shuffled([...tagRows])
      .slice(0, random.int(0, 4))
      .map(({ tag_id = null }) => ({
        product_uid,
        tag_id,
        weight: (random.int(0, 4) / 4).toFixed(4),
        added_by: maybe(random, random.int(1, staff)),
        added_at: instant(random),
      })),
  )

const customers = (random: Random, count: number, staff: number): Row[] =>
  range(count).map(index => ({
    region_code: random.pick(['EU', 'us', 'a"b', 'süd']),
    customer_no: random.chance(0.1) ? `900719925474099${index}` : index + 1,
    email: `${random.pick(NAMES)}${index}@example.org`,
    tier: random.pick(['new', 'regular', 'gold', 'blocked']),
    credit_limit: maybe(random, cents(random, 9_999_999)),
    account_manager: maybe(random, random.int(1, staff)),
    active: random.chance(0.9),
    joined_at: instant(random),
    preferences: maybe(
      random,
      random.pick(['{"mail":true,"mail":false}', '[1.50, 12345678901234567890]', '{"größe": "L"}']),
    ),
  }))

const orders = (random: Random, customerRows: readonly Row[], count: number): Row[] =>
  range(count).map(index => {
    const customer = random.pick(customerRows)
    const known = random.next()
    return {
      shop_code: random.pick(['web', 'Berlin', 'São Paulo']),
      order_no: index + 1,
      customer_region: known < 0.9 ? (customer['region_code'] ?? null) : null,
      // half a reference is none
      customer_no: known < 0.85 || known > 0.95 ? (customer['customer_no'] ?? null) : null,
      status: random.pick(STATUSES),
      placed_at: maybe(random, instant(random), 0.9),
      currency: random.pick(['EUR', 'USD', 'BRL']),
      total: cents(random, 50_000),
    }
  })

const lines = (random: Random, orderRows: readonly Row[], productRows: readonly Row[]): Row[] =>
  orderRows.flatMap(({ shop_code = null, order_no = null }) =>
    range(random.int(0, 5)).map(index => ({
      shop_code,
      order_no,
      line_no: index + 1,
      product_uid: maybe(random, random.pick(productRows)['product_uid'] as string, 0.95),
      quantity: random.int(1, 12),
      unit_price: cents(random, 900),
      discount: maybe(random, random.pick(['0.1', '0.10', '0.125']), 0.4),
      gift_note: maybe(random, random.pick(WORDS), 0.3),
    })),
  )

const shipments = (random: Random, lineRows: readonly Row[]): Row[] => {
  const events: Row[] = []
  for (const { shop_code = null, order_no = null, line_no = null } of lineRows) {
    for (let left = random.int(0, 3); left > 0; left--) {
      const lost = random.chance(0.05)
      events.push({
        event_id: events.length + 1,
        shop_code,
        order_no: lost ? 999_999 : order_no,
        line_no: maybe(random, line_no as number, 0.95),
        kind: random.pick(EVENTS),
        happened_at: instant(random).slice(0, -1),
        place: maybe(random, random.pick(NAMES)),
      })
    }
  }
  return events
}

/** All rows of a shop with this many customers; the same seed gives the same shop. */
export const makeRetail = (random: Random, customerCount: number): RetailRows => {
  const staff = Math.max(5, Math.ceil(customerCount / 20))
  const category = categories(random.fork('category'), Math.max(8, Math.ceil(customerCount / 25)))
  const tag = tags(random.fork('tag'), 12)
  const product = products(random.fork('product'), Math.max(10, Math.ceil(customerCount / 2)), category)
  const customer = customers(random.fork('customer'), customerCount, staff)
  const order = orders(random.fork('order'), customer, customerCount * 4)
  const order_line = lines(random.fork('line'), order, product)
  return {
    employee: employees(random.fork('employee'), staff),
    category,
    tag,
    product,
    product_tag: productTags(random.fork('product tag'), product, tag, staff),
    customer,
    order,
    order_line,
    shipment_event: shipments(random.fork('shipment'), order_line),
  }
}

import type { Random } from '@headrace/testkit'
import { maybe, range, type Row, TEXT_KEYS, uuidOf, VALUES } from './values.ts'

/** Rows by table, parents before children. */
export type RetailRows = Readonly<Record<RetailTable, readonly Row[]>>

export const RETAIL_TABLES = [
  'employee',
  'category',
  'tag',
  'tariff',
  'product',
  'product_tag',
  'customer',
  'order',
  'order_line',
  'shipment_event',
] as const
export type RetailTable = (typeof RETAIL_TABLES)[number]

export const REGIONS = ['EU', 'us', 'a"b', 'süd']
export const SHOPS = ['web', 'Berlin', 'São Paulo']
export const TARIFFS = ['0.00', '1.0', '1.50', '-2.5', '12345678901234567890.10', '0.000001']

const employees = (random: Random, count: number): Row[] =>
  range(count).map(index => ({
    employee_no: index + 1,
    manager_no: index === 0 ? null : maybe(random, random.int(1, Math.min(index, 9)), 0.9),
    ...VALUES.employee(random),
  }))

const categories = (random: Random, count: number): Row[] => {
  const codes = [...range(count).map(index => `C-${index}`), ...TEXT_KEYS.slice(0, 9)]
  return codes.map((category_code, index) => ({
    category_code,
    parent_code:
      index === 0 ? null : maybe(random, codes[random.int(0, Math.ceil(index / 3) - 1)] ?? '', 0.9),
    ...VALUES.category(random),
  }))
}

const tags = (random: Random, count: number): Row[] =>
  range(count).map(index => ({ tag_id: index - 2, ...VALUES.tag(random) }))

const tariffs = (random: Random): Row[] => TARIFFS.map(rate => ({ rate, ...VALUES.tariff(random) }))

const products = (random: Random, count: number, categoryRows: readonly Row[]): Row[] =>
  range(count).map(index => ({
    product_uid: uuidOf(index),
    category_code: maybe(random, random.pick(categoryRows)['category_code'] as string, 0.9),
    // the same rate, written otherwise
    tariff_rate: maybe(random, `${random.pick(TARIFFS)}${random.pick(['', '0', '00'])}`),
    ...VALUES.product(random),
  }))

const productTags = (random: Random, rows: readonly Row[], tagRows: readonly Row[], staff: number): Row[] =>
  rows.flatMap(({ product_uid = null }) =>
    random
      .shuffled([...tagRows])
      .slice(0, random.int(0, 4))
      .map(({ tag_id = null }) => ({
        product_uid,
        tag_id,
        added_by: maybe(random, random.int(1, staff)),
        ...VALUES.product_tag(random),
      })),
  )

const customers = (random: Random, count: number, staff: number): Row[] =>
  range(count).map(index => ({
    region_code: random.pick(REGIONS),
    customer_no: random.chance(0.1) ? `900719925474099${index}` : index + 1,
    account_manager: maybe(random, random.int(1, staff)),
    ...VALUES.customer(random),
  }))

const orders = (random: Random, customerRows: readonly Row[], count: number): Row[] =>
  range(count).map(index => {
    const customer = random.pick(customerRows)
    const known = random.next()
    return {
      shop_code: random.pick(SHOPS),
      order_no: index + 1,
      customer_region: known < 0.9 ? (customer['region_code'] ?? null) : null,
      // half a reference is none
      customer_no: known < 0.85 || known > 0.95 ? (customer['customer_no'] ?? null) : null,
      ...VALUES.order(random),
    }
  })

const lines = (random: Random, orderRows: readonly Row[], productRows: readonly Row[]): Row[] =>
  orderRows.flatMap(({ shop_code = null, order_no = null }) =>
    range(random.int(0, 5)).map(index => ({
      shop_code,
      order_no,
      line_no: index + 1,
      product_uid: maybe(random, random.pick(productRows)['product_uid'] as string, 0.95),
      ...VALUES.order_line(random),
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
        ...VALUES.shipment_event(random),
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
    tariff: tariffs(random.fork('tariff')),
    product,
    product_tag: productTags(random.fork('product tag'), product, tag, staff),
    customer,
    order,
    order_line,
    shipment_event: shipments(random.fork('shipment'), order_line),
  }
}

import type { Random, Statement } from '@headrace/testkit'
import { NAMES, TEXT_KEYS, uuidOf } from '../values.ts'
import { anyKey, literals, statement } from './row-sql.ts'

export type ShopChange = (random: Random) => readonly Statement[]

/** A leads B leads C leads A. */
export const employeeCycle: ShopChange = random => {
  const nos = random.shuffled(Array.from({ length: 30 }, (_, at) => at + 1)).slice(0, random.int(2, 3))
  return nos.map((no, at) =>
    statement(
      `update retail.employee set manager_no = (select employee_no from retail.employee where employee_no = ${nos[(at + 1) % nos.length] ?? no}) where employee_no = ${no}`,
    ),
  )
}

export const categoryCycle: ShopChange = random => {
  const [a = '', b = ''] = random.shuffled(TEXT_KEYS)
  const link = (from: string, to: string): Statement =>
    statement(
      `update retail.category set parent_code = (select category_code from retail.category where category_code = ${literals([to])}) where category_code = ${literals([from])}`,
    )
  return [link(a, b), link(b, a)]
}

/** Both ends of a link go in one transaction, and the link before, after or with them. */
export const vanishBothEnds: ShopChange = random => {
  const [product, tag] = [uuidOf(random.int(0, 75)), random.int(-2, 9)]
  const statements = [
    statement(`delete from retail.product where product_uid = '${product}'`),
    statement(`delete from retail.tag where tag_id = ${tag}`),
  ]
  const link = statement(
    `insert into retail.product_tag (product_uid, tag_id, weight, added_at) select '${product}', ${tag}, 0.5, now()
     where exists (select from retail.product where product_uid = '${product}') and exists (select from retail.tag where tag_id = ${tag}) on conflict do nothing`,
  )
  return random.chance() ? [link, ...random.shuffled(statements)] : random.shuffled(statements)
}

/** An order with lines and events in one transaction, events first. */
export const wholeOrder: ShopChange = random => {
  const no = random.int(1_000, 1_200)
  const shop = random.chance(0.3) ? random.pick(TEXT_KEYS) : 'web'
  const key = literals([shop, no])
  return [
    statement(
      `insert into retail.shipment_event (shop_code, order_no, line_no, kind, happened_at, place)
       select ${key}, n, 'packed', timestamp '2026-01-01' + n * interval '0.5 s', ${literals([random.pick(NAMES)])} from generate_series(1, 3) n`,
    ),
    statement(
      `insert into retail."order" (shop_code, order_no, customer_region, customer_no, status, placed_at, currency, total)
       select ${key}, c.region_code, c.customer_no, 'placed', now(), 'EUR', 12.50 from ${anyKey(random, 'customer')} c on conflict do nothing`,
    ),
    statement(
      `insert into retail.order_line (shop_code, order_no, line_no, product_uid, quantity, unit_price)
       select o.shop_code, o.order_no, n, (select product_uid from ${anyKey(random, 'product')} p), n, 1.5
       from retail."order" o, generate_series(1, 3) n where (o.shop_code, o.order_no) = (${key}) on conflict do nothing`,
    ),
  ]
}

/** Hundreds of rows in one statement. */
export const touchMany: ShopChange = random => [
  statement(
    random.pick([
      `update retail.order_line set quantity = quantity % 12 + 1`,
      `update retail.shipment_event set place = ${literals([random.pick(NAMES)])} where event_id % 3 = ${random.int(0, 2)}`,
      `update retail.product set price = price + 0.01`,
      `update retail."order" set status = 'shipped' where status = 'paid'`,
    ]),
  ),
]

/** One customer has more orders than its document shows. */
export const crowdOrders: ShopChange = random => [
  statement(
    `update retail."order" set (customer_region, customer_no) = ${anyKey(random, 'customer')} where order_no % 20 = ${random.int(0, 19)}`,
  ),
]

const linkAll = statement(
  `insert into retail.product_tag (product_uid, tag_id, weight, added_at)
   select product_uid, tag_id, 0.25, now() from retail.product, (select tag_id from retail.tag order by tag_id limit 2) t`,
)

/** A small table is emptied and filled anew, or left empty for others to fill. */
export const truncateLinks: ShopChange = random => [
  statement('truncate retail.product_tag'),
  ...(random.chance(0.1) ? [] : [linkAll]),
]

/** Takes the links with it. */
export const truncateTags: ShopChange = random => [
  statement('truncate retail.tag cascade'),
  statement(
    `insert into retail.tag select n, ${literals([random.pick(NAMES)])} || n from generate_series(-2, 15) n`,
  ),
  linkAll,
]

export const truncateEvents: ShopChange = random => [
  statement('truncate retail.shipment_event'),
  statement(
    `insert into retail.shipment_event (shop_code, order_no, line_no, kind, happened_at)
     select shop_code, order_no, line_no, kind::retail.shipment_kind, timestamp '2026-02-01' + order_no % 1000 * interval '1 s'
     from retail.order_line, (values ('delivered'), ('packed')) k (kind) where order_no % 3 = ${random.int(0, 2)}`,
  ),
]

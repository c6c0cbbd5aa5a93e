import type { Change, Random } from '@headrace/testkit'
import { RETAIL_TABLES } from '../rows.ts'
import * as shop from './shop-changes.ts'
import * as table from './table-changes.ts'

const TABLE_CHANGES: readonly (readonly [weight: number, change: table.TableChange])[] = [
  [150, table.insert],
  [80, table.put],
  [200, table.update],
  [20, table.updateNothing],
  [120, table.remove],
  [60, table.changeKey],
  [60, table.replace],
  [180, table.reparent],
  [15, table.moveAll],
  [30, table.swapKeys],
]

const SHOP_CHANGES: readonly (readonly [weight: number, change: shop.ShopChange])[] = [
  [15, shop.employeeCycle],
  [15, shop.categoryCycle],
  [20, shop.vanishBothEnds],
  [30, shop.wholeOrder],
  [3, shop.touchMany],
  [8, shop.crowdOrders],
  [8, shop.truncateLinks],
  [8, shop.truncateTags],
  [8, shop.truncateEvents],
]

/** Every change; of those of a table the count tells the table too: `insert order`. */
export const CHANGE_KINDS: readonly string[] = [...TABLE_CHANGES, ...SHOP_CHANGES].map(
  ([, change]) => change.name,
)

const draw = <T>(random: Random, weighted: readonly (readonly [number, T])[]): T => {
  let at = random.int(
    1,
    weighted.reduce((sum, [weight]) => sum + weight, 0),
  )
  for (const [weight, item] of weighted) {
    at -= weight
    if (at <= 0) return item
  }
  throw new RangeError('nothing to draw from')
}

/** Any table as often as any other, so that the small ones are turned over many times. */
const drawTable = (random: Random, change: table.TableChange): (typeof RETAIL_TABLES)[number] => {
  const moves = change === table.reparent || change === table.moveAll
  return random.pick(moves ? RETAIL_TABLES.filter(name => table.REFERENCES[name].length > 0) : RETAIL_TABLES)
}

/** One random change of the shop. */
export const randomChange = (random: Random): Change => {
  if (random.chance(0.07)) {
    const change = draw(random, SHOP_CHANGES)
    return { kind: change.name, statements: change(random) }
  }
  const change = draw(random, TABLE_CHANGES)
  const name = drawTable(random, change)
  return { kind: `${change.name} ${name}`, statements: change(random, name) }
}

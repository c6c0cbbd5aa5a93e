import type { Random } from '@headrace/testkit'
import { REGIONS, type RetailTable, SHOPS } from '../rows.ts'
import { TEXT_KEYS, uuidOf, type Value } from '../values.ts'

const RATES = [
  '1',
  '1.0',
  '1.000',
  '0',
  '-0.0',
  '2.50',
  '2.5',
  '-2.50',
  '12345678901234567890.1',
  '0.0000010',
  '1e3',
]

/** Few enough that keys of rows that are there, or were, come again. */
export const newKey = (random: Random, table: RetailTable): readonly Value[] => {
  switch (table) {
    case 'employee':
      return [random.chance(0.05) ? random.pick([0, -1, 2_147_483_647, -2_147_483_648]) : random.int(1, 60)]
    case 'category':
      return [random.chance() ? random.pick(TEXT_KEYS) : `${random.pick(['C', 'c'])}-${random.int(0, 30)}`]
    case 'tag':
      return [random.chance(0.1) ? random.pick([32_767, -32_768]) : random.int(-4, 25)]
    case 'tariff':
      return [random.pick(RATES)]
    case 'product':
      return [uuidOf(random.int(0, 150))]
    case 'product_tag':
      return [uuidOf(random.int(0, 150)), random.int(-4, 25)]
    case 'customer':
      return [region(random), random.chance(0.1) ? '-9223372036854775808' : random.int(1, 250)]
    case 'order':
      return [shop(random), random.chance(0.05) ? '9223372036854775807' : random.int(1, 900)]
    case 'order_line':
      return [shop(random), random.int(1, 900), random.int(-1, 6)]
    case 'shipment_event':
      return [random.int(1, 3_000)]
  }
}

const region = (random: Random): string =>
  random.chance(0.2) ? random.pick(TEXT_KEYS) : random.pick(REGIONS)
const shop = (random: Random): string => (random.chance(0.2) ? random.pick(TEXT_KEYS) : random.pick(SHOPS))

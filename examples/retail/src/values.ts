import { createHash } from 'node:crypto'
import type { Random } from '@headrace/testkit'

export type Value = string | number | boolean | null
export type Row = Readonly<Record<string, Value>>

/** Texts that break what handles texts carelessly. */
export const NAMES = [
  'Ada',
  'ada',
  'bob',
  "O'Hara",
  'Zoë',
  'Zoe\u0308',
  'Ångström',
  'Łukasz',
  '李雷',
  'back\\slash',
  '😀 Smile',
  'Quote "Q"',
]
const WORDS = ['chair', 'Table', 'lamp', 'Sofa', 'écran', 'desk', '椅子', 'two  words', 'tab\there', '']
const STATUSES = ['draft', 'placed', 'placed', 'paid', 'shipped', 'cancelled']
const EVENTS = ['packed', 'handed over', 'in transit', 'in transit', 'delivered', 'returned']
/** Printed in other forms than they are written, or beyond what a double holds. */
const WEIGHTS = ['0.1', '1e-7', '12.5', '3', '1e22', '0.30000000000000004', '5e-324', '-0', 'NaN', 'Infinity']
const DISCOUNTS = ['0.1', '0.10', '0.125', '-0.000', '12345678901234567890.123456789', '1e-30', 'NaN']
const JSON_TEXTS = [
  '{"mail":true,"mail":false}',
  '[1.50, 12345678901234567890]',
  '{"größe": "L"}',
  ' {"a" : [ {"b":1e400}, {"b":-0.0} ] }',
  '{"":{"":1},"a.b":{"c":null},"__proto__":{"x":1}}',
  '{"zero":"\\u0000","half":"\\ud83d","line":"\\n\\u2028"}',
  '"only a text"',
  'null',
]
const LONG_TEXT = 'lönger than a block and than a term of Lucene. '.repeat(900)

/** Text keys in one column: as they are printed, as others could be mistaken for, of every length. */
export const TEXT_KEYS = [
  '',
  ' ',
  'a',
  'A',
  'é',
  'e\u0301',
  "it's",
  'a"b',
  '["a","b"]',
  'a/b/../c',
  '..',
  '%2F?#',
  'back\\slash\\"',
  'tab\tline\nend',
  '\u0001x\u007f',
  '😀',
  '__proto__',
  'null',
  '_id',
  'x'.repeat(512),
  'x'.repeat(513),
  'ü'.repeat(300),
]

export const range = (length: number): number[] => Array.from({ length }, (_, index) => index)
export const maybe = <T extends Value>(random: Random, value: T, probability = 0.75): T | null =>
  random.chance(probability) ? value : null
const cents = (random: Random, most: number): string => (random.int(0, most * 100) / 100).toFixed(2)

const instant = (random: Random): string => {
  const at = new Date(Date.UTC(2020, 0, 1) + random.int(0, 150_000_000) * 1000).toISOString().slice(0, 19)
  return random.chance(0.3) ? `${at}.${random.int(0, 999_999).toString().padStart(6, '0')}Z` : `${at}Z`
}

const day = (random: Random): string => instant(random).slice(0, 10)

/** The uuid of a number; one number, one uuid. */
export const uuidOf = (number: number): string =>
  createHash('sha1')
    .update(String(number))
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*/, '$1-$2-4$3-8$4-$5')

type Values = (random: Random) => Row

/** What the columns of a table may hold that are neither its key nor refer to another row. */
export const VALUES = {
  employee: random => ({
    full_name: random.pick(NAMES),
    hired_on: day(random),
    salary: maybe(random, cents(random, 90_000)),
  }),
  category: random => ({ title: random.pick(WORDS), sort_position: maybe(random, random.int(1, 5)) }),
  tag: random => ({
    label: `${random.pick(NAMES)} ${random.int(1, 99)}`,
    colour: maybe(random, random.pick(['red', 'Blue'])),
  }),
  tariff: random => ({ label: random.pick(WORDS), rebate: maybe(random, random.pick(['0', '0.5', '1e-3'])) }),
  product: random => ({
    product_title: random.chance(0.01) ? LONG_TEXT : `${random.pick(WORDS)} ${random.pick(WORDS)}`,
    price: cents(random, 900),
    weight_kg: maybe(random, random.pick(WEIGHTS)),
    released_on: maybe(
      random,
      random.chance(0.05) ? random.pick(['infinity', '0044-03-15 BC']) : day(random),
    ),
    discontinued_at: maybe(random, instant(random), 0.2),
    measures: maybe(random, random.pick(['{}', '{1,2,3}', '{10,NULL}'])),
    attributes: JSON.stringify({
      legs: random.int(0, 4),
      'a b': random.pick(WORDS),
      nested: { ok: random.chance(), [random.pick(['', 'a.b', '__proto__', 'x'])]: [random.int(0, 9)] },
    }),
  }),
  product_tag: random => ({ weight: (random.int(0, 4) / 4).toFixed(4), added_at: instant(random) }),
  customer: random => ({
    email: `${random.pick(NAMES)}${random.int(1, 999)}@example.org`,
    tier: random.pick(['new', 'regular', 'gold', 'blocked']),
    credit_limit: maybe(random, cents(random, 9_999_999)),
    active: random.chance(0.9),
    joined_at: instant(random),
    preferences: maybe(random, random.pick(JSON_TEXTS)),
  }),
  order: random => ({
    status: random.pick(STATUSES),
    placed_at: maybe(random, instant(random), 0.9),
    currency: random.pick(['EUR', 'USD', 'BRL']),
    total: random.chance(0.02) ? 'NaN' : cents(random, 50_000),
  }),
  order_line: random => ({
    quantity: random.int(1, 12),
    unit_price: cents(random, 900),
    discount: maybe(random, random.pick(DISCOUNTS), 0.4),
    gift_note: maybe(random, random.pick(WORDS), 0.3),
  }),
  shipment_event: random => ({
    kind: random.pick(EVENTS),
    happened_at: instant(random).slice(0, -1),
    place: maybe(random, random.pick(NAMES)),
  }),
} satisfies Readonly<Record<string, Values>>

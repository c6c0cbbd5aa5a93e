import type { DocumentShape, ShapeField } from '@headrace/search-model'
import type { Random } from '@headrace/testkit'
import type { ColumnKind } from '@headrace/wire'

const LABELS = ['low', 'middle', 'high'] as const
const WORDS = ['car', 'red car', 'bus', 'ä', 'Zoo', 'c', ''] as const
const TIMES = [
  '2024-01-01T00:00:00+00:00',
  '2024-01-01T00:00:00.000001+00:00',
  '2024-01-01T00:00:00.0005+00:00',
  '2024-01-01T00:00:00.001+00:00',
  '1969-12-31T23:59:59.9999+00:00',
  '0999-05-05T01:02:03+00:00',
  'infinity',
  '-infinity',
] as const
const DAYS = ['2024-01-01', '2024-02-29', '1969-12-31', 'infinity'] as const
const NUMBERS = ['-2', '0', '1', '1.5', '2', '3', '9', '10', '-0.5', '100'] as const

const value = (
  name: string,
  kind: ColumnKind,
  more: { text?: boolean; dimensions?: number; labels?: readonly string[] } = {},
): ShapeField => ({
  kind: 'value',
  name,
  type: {
    kind,
    dimensions: more.dimensions ?? 0,
    ...(more.labels === undefined ? {} : { labels: more.labels }),
  },
  text: more.text ?? false,
})

/** A view with a field of every kind that queries treat in a way of its own. */
export const semanticsShape = (view: string): DocumentShape => ({
  view,
  fields: [
    value('name', 'text'),
    value('caption', 'text', { text: true }),
    value('level', 'text', { labels: LABELS }),
    value('width', 'int32'),
    value('ratio', 'float32'),
    value('score', 'float64'),
    value('price', 'decimal'),
    value('active', 'boolean'),
    value('day', 'date'),
    value('at', 'timestamptz'),
    value('tags', 'text', { dimensions: 1 }),
    value('metadata', 'json'),
    {
      kind: 'list',
      name: 'items',
      fields: [value('class', 'text'), value('weight', 'float64'), value('metadata', 'json')],
    },
    {
      kind: 'object',
      name: 'search',
      fields: [value('count', 'int64'), { kind: 'counts', name: 'class_count' }],
    },
  ],
})

const orNull = <T>(random: Random, make: () => T): T | null => (random.chance(0.25) ? null : make())

const json = (random: Random, depth: number): unknown => {
  const kind = random.int(0, depth > 0 ? 6 : 4)
  if (kind === 0) return random.pick(WORDS)
  if (kind === 1) return Number(random.pick(NUMBERS))
  if (kind === 2) return random.chance()
  if (kind === 3) return null
  if (kind === 4) return Array.from({ length: random.int(0, 3) }, () => json(random, 0))
  return Object.fromEntries(
    ['a', 'b', 'speed'].filter(() => random.chance()).map(name => [name, json(random, depth - 1)]),
  )
}

const item = (random: Random): object => ({
  class: orNull(random, () => random.pick(WORDS)),
  weight: orNull(random, () => Number(random.pick(NUMBERS))),
  metadata: orNull(random, () => json(random, 1)),
})

export const randomDocument = (random: Random, n: number): object => ({
  name: orNull(random, () => random.pick(WORDS)),
  caption: orNull(random, () => random.pick(['a red car', 'the bus', 'Red, blue car!'])),
  level: orNull(random, () => random.pick(LABELS)),
  width: orNull(random, () => random.int(-2, 10)),
  ratio: orNull(random, () => Number(random.pick(NUMBERS))),
  score: orNull(random, () => Number(random.pick(NUMBERS))),
  price: orNull(random, () => Number(random.pick(NUMBERS))),
  active: orNull(random, () => random.chance()),
  day: orNull(random, () => random.pick(DAYS)),
  at: orNull(random, () => random.pick(TIMES)),
  tags: orNull(random, () => Array.from({ length: random.int(0, 3) }, () => random.pick(WORDS))),
  metadata: orNull(random, () => json(random, 2)),
  items: Array.from({ length: random.int(0, 3) }, () => item(random)),
  search:
    n % 7 === 0
      ? null
      : {
          count: random.int(0, 4),
          class_count: Object.fromEntries(
            ['car', 'bus'].filter(() => random.chance()).map(key => [key, random.int(1, 3)]),
          ),
        },
})

const quoted = (text: string): string => JSON.stringify(text)
const OPERATORS = ['=', '!=', '<', '<=', '>', '>='] as const

/** A path with a literal that fits it. */
const operand = (
  random: Random,
  inItem: boolean,
): {
  readonly path: string
  readonly literal: () => string
  readonly ordered: boolean
  readonly text: boolean
} => {
  const number = (): string => random.pick(NUMBERS)
  const word = (): string => quoted(random.pick(WORDS))
  const leaf = (): string =>
    random.pick([
      'metadata',
      'metadata.a',
      'metadata.b',
      'metadata.speed',
      'metadata.a.b',
      'metadata.b.speed',
    ])
  const ofJson = random.pick([number, word, () => String(random.chance())])
  const flags = { ordered: true, text: false }
  if (inItem) {
    return random.pick([
      { path: 'class', literal: word, ordered: true, text: true },
      { path: 'weight', literal: number, ...flags },
      { path: leaf(), literal: number, ...flags },
      { path: leaf(), literal: word, ordered: true, text: true },
    ])
  }
  return random.pick([
    { path: 'name', literal: word, ordered: true, text: true },
    { path: 'level', literal: () => quoted(random.pick(LABELS)), ...flags },
    { path: 'width', literal: number, ...flags },
    { path: 'ratio', literal: number, ...flags },
    { path: 'score', literal: number, ...flags },
    { path: 'price', literal: number, ...flags },
    { path: 'active', literal: () => String(random.chance()), ordered: false, text: false },
    { path: 'day', literal: () => quoted(random.pick([...DAYS, '2024-01-01T12:00'])), ...flags },
    {
      path: 'at',
      literal: () =>
        quoted(
          random.pick([...TIMES, '2024-01-01', '2024-01-01T00:00:00.0007Z', '2024-01-01T01:00:00+01:00']),
        ),
      ...flags,
    },
    { path: 'tags', literal: word, ordered: true, text: true },
    { path: leaf(), literal: number, ...flags },
    { path: leaf(), literal: word, ordered: true, text: true },
    { path: leaf(), literal: ofJson, ordered: false, text: false },
    { path: random.pick(['search.class_count.car', 'search.class_count.none']), literal: number, ...flags },
    { path: 'search.count', literal: number, ...flags },
    { path: 'items.class', literal: word, ordered: true, text: true },
    { path: 'items.metadata.a', literal: number, ...flags },
  ])
}

const clause = (random: Random, inItem: boolean): string => {
  const { path, literal, ordered, text } = operand(random, inItem)
  const kind = random.int(0, 9)
  if (kind === 0) return `exists ${path}`
  if (kind === 1) return `${path} in (${literal()}, ${literal()})`
  if (kind === 2 && text) return `${path} ^= ${quoted(random.pick(['c', 're', 'Z', 'ä']))}`
  if (kind === 3 && ordered) return `${path} between ${literal()} and ${literal()}`
  if (kind === 4 && !inItem)
    return random.pick([
      'exists items',
      'caption ~ "car red"',
      'caption ~ "bus"',
      'exists search',
      'exists search.class_count',
      'name = null',
    ])
  return `${path} ${random.pick(ordered ? OPERATORS : ['=', '!='])} ${literal()}`
}

/** A random query of the language, of random documents' fields. */
export const randomQuery = (random: Random, depth: number, inItem = false): string => {
  const kind = depth === 0 ? 0 : random.int(0, 5)
  const inner = (): string => randomQuery(random, depth - 1, inItem)
  if (kind === 1) return `(${inner()} and ${inner()})`
  if (kind === 2) return `(${inner()} or ${inner()})`
  if (kind === 3) return `not (${inner()})`
  if (kind === 4 && !inItem) return `items[${randomQuery(random, depth - 1, true)}]`
  return clause(random, inItem)
}

import { describe, expect, it } from '@jest/globals'
import { loadPipeline } from './load-pipeline.ts'
import { lockedFiles } from './testing/memory-files.ts'
import {
  inMoods,
  inOwners,
  inRows,
  MISTAKE_FOLDER,
  OWNERS_VIEW,
  problemsOf,
} from './testing/mistake-folder.ts'

const VIEW_FILE = 'views/owners.view.yaml'

const ownersWith = (from: string, to: string) =>
  loadPipeline(lockedFiles({ ...MISTAKE_FOLDER, [VIEW_FILE]: OWNERS_VIEW.replace(from, to) })).views.get(
    'owners',
  )!

const where = (condition: string): readonly [string, string] => [
  'where: { id: { not: null } }',
  `where: { ${condition} }`,
]

/** Values of a condition as they are compiled. */
const valuesOf = (condition: string): unknown => {
  const { definition } = ownersWith(...where(condition))
  const [first] = definition.root.lists[0]!.where
  return first?.is === 'in' ? first.values : first
}

describe('the folder of these tests', () => {
  it('is right', () => expect(problemsOf({})).toEqual([]))
})

describe('the document shape', () => {
  it('has a whole number for distinct', () => {
    const { shape } = ownersWith('{ count: rows }', '{ distinct: rows.mood }')
    expect(shape.fields.at(-1)).toMatchObject({
      fields: [{ kind: 'value', name: 'n', type: { kind: 'int64', dimensions: 0 } }],
    })
  })
})

describe('aggregates', () => {
  it.each<[string, RegExp]>([
    ['{ sum: rows.weight }', /:12:19: sum of "rows\.weight": sums of floating-point numbers/],
    ['{ min: rows.data }', /:12:19: min of "rows\.data": arrays and JSON cannot be aggregated/],
    ['{ min: rows.clock }', /:12:19: min of "rows\.clock": the order of times with a zone/],
  ])('%s is refused', (to, expected) => {
    const problems = inOwners('{ count: rows }', to)
    expect(problems).toEqual([expect.stringMatching(expected)])
  })
})

describe('what the aggregator cannot do', () => {
  const below = (rest: string): string =>
    `    orderBy: [big]\n    lists:\n      deep: { from: owner, on: { id: id }, fields: [name], limit: 5${rest} }\n`

  it('is told by check with its place', () => {
    expect(inOwners('    orderBy: [big]\n', below(''))).toEqual([])
    expect(inOwners('    orderBy: [big]\n', below(', overflow: fail'))).toEqual([
      expect.stringMatching(/:11:70: overflow: fail of list deep below another list is not supported yet/),
    ])
  })

  it.each(['one: { up: { from: owner, on: { id: id }, fields: [name] } }', 'lists: {}'])(
    'has no place under a reference (%s)',
    below => {
      const reference = `    orderBy: [big]\n    one: { to: { from: owner, on: { id: id }, fields: [name], ${below} } }\n`
      expect(inOwners('    orderBy: [big]\n', reference)).toEqual([
        expect.stringMatching(/owners\.view\.yaml:10:\d+: unknown key "(one|lists)"/),
      ])
    },
  )

  it('is all of planRefusals: what a file can say of it is refused, each at its place', () => {
    const refused: readonly (readonly [string, string, string])[] = [
      ['[big]', '[data]', ':9:15:'],
      ['{ count: rows }', '{ sum: rows.weight }', ':12:19:'],
      ['{ count: rows }', '{ countBy: rows.data }', ':12:23:'],
      ['{ count: rows }', '{ distinct: rows.data }', ':12:24:'],
      ['{ count: rows }', '{ count: rows.big }', ':12:21:'],
    ]
    for (const [from, to, place] of refused) {
      expect(inOwners(from, to)).toEqual([expect.stringContaining(place)])
    }
    expect(inRows('name: id, physicalType: bigint', 'name: id, physicalType: jsonb').join('\n')).toMatch(
      /"id" cannot be a primary key/,
    )
  })
})

describe('values of conditions', () => {
  it.each<[string, unknown]>([
    ['mood: happy', ['happy']],
    ['mood: [sad, happy, sad]', ['sad', 'happy']],
    ['code: 0F8FAD5B-D9CB-469F-A165-70867728950E', ['0f8fad5b-d9cb-469f-a165-70867728950e']],
    ['day: 2024-02-29', ['2024-02-29']],
    ['day: -infinity', ['-infinity']],
    ['at: 2024-01-01T00:30:00.500+01:00', ['2023-12-31 23:30:00.5+00']],
    ['at: "2024-01-01 00:00:00Z"', ['2024-01-01 00:00:00+00']],
    ['local: 2024-01-01T00:00', ['2024-01-01 00:00:00']],
    ['big: 9007199254740993', ['9007199254740993']],
    ['big: "-9223372036854775808"', ['-9223372036854775808']],
    ['small: [+7, 007, -0]', ['7', '0']],
    ['price: 12345678901234567890.10', ['12345678901234567890.1']],
    ['price: ["1.00", -0.0]', ['1', '0']],
    ['yes: [true, false]', ['true', 'false']],
    ['word: "2024-1-1"', ['2024-1-1']],
    ['mood: null', { column: 'mood', is: 'null' }],
  ])('%s', (condition, expected) => expect(valuesOf(condition)).toEqual(expected))

  it.each<[string, RegExp]>([
    ['mood: hapy', /:8:20: .*"hapy" is no label of the enum\. Did you mean "happy"\? Allowed: sad, happy/],
    ['mood: [sad, hapy, glad]', /:8:26: .*"hapy"[^]*:8:32: .*"glad"/],
    ['code: 0f8fad5b', /:8:20: .*"0f8fad5b" is no uuid/],
    ['day: 2024-02-30', /"2024-02-30" is no date/],
    ['day: 2024-2-1', /"2024-2-1" is no date/],
    ['at: 2024-01-01T00:00:00', /has no zone/],
    ['local: 2024-01-01T00:00:00Z', /has a zone, the column has none/],
    ['local: 2024-13-01 00:00:00', /is no point in time/],
    ['small: 32768', /32768 is outside of int16: -32768 to 32767/],
    ['big: 9223372036854775808', /outside of int64/],
    ['big: 1.5', /"1\.5" is no whole number/],
    ['big: true', /true does not fit/],
    ['price: abc', /"abc" is no decimal number/],
    ['yes: "yes"', /"yes" is neither true nor false/],
    ['word: 7', /7 is a number; a value of this column stands in quotes/],
    ['padded: ab', /"padded" can only be compared with null or \{ not: null \}: char\(n\) compares/],
    ['weight: 1.5', /"weight" can only be compared with null/],
  ])('%s is refused', (condition, expected) =>
    expect(inOwners(...where(condition)).join('\n')).toMatch(expected),
  )
})

describe('joins of enums', () => {
  const reference = (column: string): string =>
    `fields: [mood, name]\nlists:\n  rows: { from: row, on: { ${column}: mood }, fields: [id] }\n`

  it('are with the same enum only', () => {
    const from = 'fields: [mood, name]\n'
    expect(inMoods(from, reference('mood'))).toEqual([])
    expect(inMoods(from, reference('word')).join()).toMatch(
      /:5:26: cannot join row\.word \(text\) with moods\.mood \(enum mood\)/,
    )
    // the labels are the same, the types are not
    expect(inMoods(from, reference('colour')).join()).toMatch(
      /cannot join row\.colour \(enum colour\) with moods\.mood \(enum mood\)/,
    )
  })
})

describe('contracts', () => {
  const KEY = '{ name: id, physicalType: bigint, primaryKey: true }'
  const at = (id: string, owner: string): string =>
    `{ name: id, physicalType: bigint, primaryKey: true${id} }\n      - { name: key2, physicalType: bigint, primaryKey: true${owner} }`
  const position = (value: number): string => `, primaryKeyPosition: ${value}`

  it.each<[string, string, RegExp | undefined]>([
    [position(2), position(1), undefined],
    ['', '', undefined],
    [position(-1), position(-1), undefined],
    [position(1), position(1), /:10:83: primaryKeyPosition 1 is "id" already: .* 1 to 2/],
    [position(1), position(3), /:10:83: primaryKeyPosition 3 leaves a gap/],
    [position(0), position(1), /primaryKeyPosition 0 leaves a gap/],
    [position(1), '', /"key2" has no primaryKeyPosition, others have/],
  ])('positions of the key: %s and %s', (id, key2, expected) => {
    // the view joins on the whole key of "owner", so the key of "row" is free
    const problems = inRows(KEY, at(id, key2))
    if (expected === undefined) expect(problems).toEqual([])
    else expect(problems).toEqual([expect.stringMatching(expected)])
  })

  it.each<[string, RegExp]>([
    ['[{ value: sad }, { value: sad }]', /:24:75: label "sad" is there twice/],
    ['[{ value: null }]', /null is no value of an enum/],
    ['[{ value: sad }, { value: 1 }]', /a label is a text: write it in quotes, "1"/],
    ['[{ value: true }]', /a label is a text: write it in quotes, "true"/],
  ])('labels of an enum: %s', (labels, expected) => {
    const problems = inRows(
      'physicalType: mood, enum: [{ value: sad }, { value: happy }]',
      `physicalType: mood, enum: ${labels}`,
    )
    expect(problems.join('\n')).toMatch(expected)
  })

  it.each(['__proto__', 'constructor', 'prototype'])('have no field %s', name =>
    expect(inRows('name: word', `name: ${name}`).join('\n')).toMatch(
      /row\.odcs\.yaml:\d+:17: "[a-z_]+" must not be __proto__, constructor or prototype/,
    ),
  )
})

describe('views', () => {
  it.each<[string, string, RegExp]>([
    [
      'fields: [id, word, mood, address]',
      'fields: []',
      /:5:3: list "rows" shows nothing: it needs fields, one or lists/,
    ],
    ['    fields: [id, word, mood, address]\n', '', /:5:3: list "rows" shows nothing/],
    ['[big]', '[big, small, big desc]', /:9:27: cannot order by "big": it is there already/],
    ['[big]', '[clock]', /:9:15: cannot order by "clock": the order of times with a zone does not follow/],
    ['[big]', '[data]', /:9:15: cannot order by "data": JSON has no order/],
    [
      'text: [name]',
      'text: [rows.mood]',
      /:13:8: "rows\.mood" is no text field.*Allowed: name, rows\.word\./,
    ],
    ['text: [name]', 'text: [rows.address]', /:13:8: "rows\.address" is no text field/],
    ['text: [name]', 'text: [name, name]', /:13:14: "name" is there twice/],
    ['  rows:', '  constructor:', /:5:3: "constructor" must not be __proto__, constructor or prototype/],
    ['  rows:', '  __proto__:', /:5:3: "__proto__" cannot be a name here/],
    ['fields: [id, name]', 'fields: { prototype: id, name: name }', /:3:11: "prototype" must not be/],
    ['stats.n:', 'stats.constructor:', /:12:3: "stats.constructor" must not be/],
    ['stats.n:', '_x.n:', /:12:3: a document field cannot be called "_x"/],
    [
      'fields: [id, name]',
      'fields: { _id: id, name: name }',
      /:3:11: .*Elasticsearch has a field of that name/,
    ],
    ['    orderBy', '    limit: 10001\n    orderBy', /:9:12: must be at most 10000/],
    [
      'fields: [id, name]',
      'fields: { stats: id, name: name }',
      /:12:3: "stats" is a field or a list of the document/,
    ],
    [
      'fields: [id, name]',
      'fields: { rows: id, name: name }',
      /:5:3: "rows" is a name in "fields" and again in "lists"/,
    ],
    [
      'lists:\n',
      'one:\n  other: { from: owner, on: { id: id }, fields: { rows: name, n: id }, flatten: true }\nlists:\n',
      /:7:3: "rows" is a name in "one" and again in "lists"/,
    ],
  ])('%s -> %s', (from, to, expected) => expect(inOwners(from, to).join('\n')).toMatch(expected))

  it('have no longer lists by default, either', () =>
    expect(
      problemsOf({ 'pipeline.yaml': `${MISTAKE_FOLDER['pipeline.yaml']}defaults: { limit: 20000 }\n` }),
    ).toEqual([
      'pipeline.yaml:3:20: must be at most 10000: Elasticsearch takes no longer list of nested objects',
    ]))
})

describe('a name that cannot be one', () => {
  it('is told as it was read, with the colon that two words may lack', () =>
    expect(inOwners('on: { owner_id: id }', 'on: { owner_id id }')).toEqual([
      expect.stringMatching(/: "owner_id id" must begin .* Is the colon missing: owner_id: id\?/),
    ]))
})

describe('one mistake is told once', () => {
  it('of a column type, not again where the column is used', () => {
    expect(inRows('name: big, physicalType: bigint', 'name: big, physicalType: bigin')).toEqual([
      expect.stringMatching(
        /row\.odcs\.yaml:12:36: Postgres type "bigin" is not known\. Did you mean "bigint"/,
      ),
    ])
    expect(
      inRows('name: owner_id, physicalType: bigint', 'name: owner_id, physicalType: bigin'),
    ).toHaveLength(1)
    expect(inRows('name: id, physicalType: bigint', 'name: id, physicalType: bigin')).toHaveLength(1)
    expect(inRows('name: word, physicalType: text', 'name: word, physicalType: txt')).toHaveLength(1)
  })

  it('of a list, not again in aggregates and text', () => {
    const text = OWNERS_VIEW.replace('from: row', 'from: rwo').replace('[name]\n', '[rows.word]\n')
    expect(problemsOf({ [VIEW_FILE]: text })).toEqual([
      expect.stringMatching(/:6:11: there is no dataset "rwo"\. Did you mean "row"/),
    ])
  })

  it('of a contract, not again where its dataset and table are named', () => {
    expect(inRows('status: active', 'stat: active')).toEqual([
      expect.stringMatching(/:5:1: unknown key "stat"/),
    ])
    expect(problemsOf({ 'contracts/row.odcs.yaml': 'schema: [' })).toEqual([
      expect.stringMatching(/row\.odcs\.yaml:1:\d+: not valid YAML/),
    ])
  })

  it('of pipeline.yaml, with those of the views beside it', () => {
    const problems = problemsOf({
      'pipeline.yaml': 'name: test\n',
      [VIEW_FILE]: OWNERS_VIEW.replace('[big]', '[bigg]'),
    })
    expect(problems).toEqual([
      expect.stringMatching(/pipeline\.yaml:1:1: "sources" is missing/),
      expect.stringMatching(/owners\.view\.yaml:9:15: dataset "row" has no field "bigg"/),
    ])
  })
})

describe('YAML', () => {
  it.each<[string, string]>([
    ['an unknown alias', 'view: *nothing\n'],
    ['an alias within itself', 'view: &a [*a]\n'],
    ['deep nesting', '['.repeat(20_000)],
  ])('%s is a mistake', (_, text) =>
    expect(problemsOf({ [VIEW_FILE]: text }).join('\n')).toMatch(
      /owners\.view\.yaml:\d+:\d+: not valid YAML/,
    ),
  )
})

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { MarkerKind, Op, schemaId } from '@headrace/wire'
import { deriveMessage } from '@headrace/validation'
import { createHarness, type Harness, type RunningValidator, type Seen } from './testing/harness.ts'
import { rawChange, rawMarker, type Row } from './testing/raw-records.ts'
import { testRelation } from './testing/test-pipeline.ts'

const good = (id: string, label = 'abc'): Row => [
  id,
  label,
  '10',
  'red',
  'a@example.org',
  '2024-01-01 00:00:00.5+00',
  '{"a": 1}',
]
const spoilt = (id: string, column: number, value: string | null): Row =>
  good(id).map((cell, i) => (i === column ? value : cell))

const ofKey = (seen: readonly Seen[], key: string): readonly Seen[] =>
  seen.filter(each => each.kind !== 'marker' && each.key === key)

describe('the validator', () => {
  let harness: Harness
  let running: RunningValidator
  let shape: string
  let thing: string

  beforeAll(async () => {
    harness = await createHarness()
    shape = harness.pipeline.topics.raw('shape')
    thing = harness.pipeline.topics.raw('thing')
    await harness.describe(testRelation('shape', 1n))
    await harness.describe(testRelation('thing', 2n))
    running = harness.start()
  })

  afterAll(async () => {
    await running.stop()
    await harness.stop()
  })

  /** Waits until a dataset's validated topic holds so much for a key. */
  const validatedOf = (dataset: string, key: string, count: number): Promise<readonly Seen[]> =>
    waitFor(
      async () => {
        const found = ofKey(await harness.validated(dataset), key)
        return found.length >= count ? found : undefined
      },
      { what: `${count} validated records of ${key}`, everyMs: 100 },
    )

  const deadOf = async (dataset: string, key: string) => {
    const records = await harness.records(harness.pipeline.topics.dead(dataset))
    return records.filter(record => record.key?.toString() === key)
  }

  it('types a valid row, keeps its key, partition and position, and names its contract', async () => {
    const raw = rawChange(shape, 1n, Op.INSERT, 1, good('1'))
    await harness.write([raw])
    const [seen] = await validatedOf('shape', '1', 1)
    expect(seen).toMatchObject({
      kind: 'row',
      row: { origin: { ordinal: 1, op: Op.INSERT, contractVersion: '2.1.0' } },
    })
    expect(seen?.kind === 'row' && seen.row.values).toEqual([
      '1',
      '"abc"',
      '10',
      '"red"',
      '"a@example.org"',
      '"2024-01-01T00:00:00.5+00:00"',
      '{"a": 1}',
    ])
    const written = await harness.records(harness.pipeline.topics.validated('shape'))
    expect(written.find(record => record.key?.toString() === '1')?.partition).toBe(raw.partition)
  })

  it('has written the descriptor before', async () => {
    const { contract } = harness.pipeline.datasets.get('shape')!
    const records = await harness.records(harness.pipeline.topics.contracts)
    expect(records.map(record => record.key?.toString())).toContain(String(schemaId(deriveMessage(contract))))
  })

  it('makes a DELETE and a tombstone of a delete, whatever its content', async () => {
    await harness.write([
      rawChange(shape, 1n, Op.INSERT, 2, good('2')),
      rawChange(shape, 1n, Op.DELETE, 3, ['2', null, null, null, null, null, null]),
    ])
    const seen = await validatedOf('shape', '2', 3)
    expect(seen.map(each => (each.kind === 'row' ? each.row.origin.op : each.kind))).toEqual([
      Op.INSERT,
      Op.DELETE,
      'tombstone',
    ])
    expect(seen[1]).toMatchObject({
      row: { origin: { ordinal: 3 }, values: ['2', null, null, null, null, null, null] },
    })
  })

  it.each<[string, number, string | null, string, string]>([
    ['contract.missing', 1, null, 'required', 'label'],
    ['contract.pattern', 1, 'ABC', 'pattern', 'label'],
    ['contract.length', 1, 'abcdefghi', 'length', 'label'],
    ['contract.range', 2, '0', 'range', 'width'],
    ['contract.type', 2, 'wide', 'type:int32', 'width'],
    ['contract.enum', 3, 'blue', 'enum', 'colour'],
    ['contract.format', 4, 'nobody', 'format', 'mail'],
    ['contract.range', 5, 'infinity', 'type:timestamptz', 'seen'],
  ])(
    'sends %s (column %i) to the dead letters and withholds the row',
    async (code, column, value, rule, path) => {
      const key = `dead-${code}-${column}`.length.toString() + column + rule.length
      const first = rawChange(shape, 1n, Op.INSERT, 10, good(key))
      const second = rawChange(shape, 1n, Op.UPDATE, 11, spoilt(key, column, value))
      await harness.write([first, second])
      const seen = await validatedOf('shape', key, 3)
      expect(seen.map(each => (each.kind === 'row' ? each.row.origin.op : each.kind))).toEqual([
        Op.INSERT,
        Op.DELETE,
        'tombstone',
      ])
      expect(seen[1]).toMatchObject({ row: { origin: { ordinal: 11 } } })
      const [letter] = await deadOf('shape', key)
      expect(letter?.value?.equals(second.value!)).toBe(true)
      expect(letter?.partition).toBe(second.partition)
      const headers = Object.fromEntries(
        Object.entries(letter?.headers ?? {}).map(([name, text]) => [name, text.toString()]),
      )
      expect(headers).toMatchObject({
        'dead.code': code,
        'dead.category': 'contract',
        'dead.rule': rule,
        'dead.path': path,
        'dead.contract': 'test/shape',
        'dead.version': '2.1.0',
        'dead.owner': 'testers',
        'dead.source.topic': shape,
        'dead.source.partition': String(second.partition),
        'dead.retryable': 'false',
      })
      if (value !== null) expect(headers['dead.message']).not.toContain(value)
    },
  )

  it('brings a withheld row back when it is valid again', async () => {
    await harness.write([
      rawChange(shape, 1n, Op.UPDATE, 20, spoilt('30', 2, '-5')),
      rawChange(shape, 1n, Op.UPDATE, 21, good('30')),
    ])
    const seen = await validatedOf('shape', '30', 3)
    expect(seen.map(each => (each.kind === 'row' ? each.row.origin.op : each.kind))).toEqual([
      Op.DELETE,
      'tombstone',
      Op.UPDATE,
    ])
  })

  it('keeps the last good row where the contract says keepLast', async () => {
    await harness.write([
      rawChange(thing, 2n, Op.INSERT, 1, good('40')),
      rawChange(thing, 2n, Op.UPDATE, 2, spoilt('40', 2, '-5')),
      rawChange(thing, 2n, Op.UPDATE, 3, good('40', 'new')),
    ])
    const seen = await validatedOf('thing', '40', 2)
    expect(seen.map(each => each.kind === 'row' && each.row.values[1])).toEqual(['"abc"', '"new"'])
    expect(await deadOf('thing', '40')).toHaveLength(1)
  })

  it.each([
    ['has its key alone', ['80', ...Array.from({ length: 6 }, () => undefined)], 123_456, 'limits.rowBytes'],
    ['is too large when it is typed', spoilt('81', 6, JSON.stringify('x'.repeat(200_001))), 0, 'typed row'],
  ] as const)('withholds a row that %s, whatever else it holds (K12)', async (_, row, bytes, rule) => {
    const key = row[0]!
    const large = rawChange(shape, 1n, Op.UPDATE, 71, row, bytes)
    await harness.write([
      rawChange(shape, 1n, Op.INSERT, 70, good(key)),
      large,
      rawChange(shape, 1n, Op.INSERT, 72, good('82')),
    ])
    await validatedOf('shape', '82', 1)
    const seen = await validatedOf('shape', key, 3)
    expect(seen.map(each => (each.kind === 'row' ? each.row.origin.op : each.kind))).toEqual([
      Op.INSERT,
      Op.DELETE,
      'tombstone',
    ])
    const [letter] = await deadOf('shape', key)
    expect(letter?.value?.equals(large.value!)).toBe(true)
    expect(letter?.headers?.['dead.code']?.toString()).toBe('edge.too_large')
    expect(letter?.headers?.['dead.rule']?.toString()).toBe(rule)
  })

  it('keeps the last good row of one that became too large where the contract says keepLast', async () => {
    const row = ['83', ...Array.from({ length: 6 }, () => undefined)]
    await harness.write([
      rawChange(thing, 2n, Op.INSERT, 73, good('83')),
      rawChange(thing, 2n, Op.UPDATE, 74, row, 123_456),
      rawChange(thing, 2n, Op.UPDATE, 75, good('83', 'small')),
    ])
    const seen = await validatedOf('thing', '83', 2)
    expect(seen.map(each => each.kind === 'row' && each.row.values[1])).toEqual(['"abc"', '"small"'])
  })

  it('names unchanged columns instead of judging them', async () => {
    await harness.write([
      rawChange(
        shape,
        1n,
        Op.UPDATE,
        30,
        spoilt('50', 6, null).map((cell, i) => (i === 6 ? undefined : cell)),
      ),
    ])
    const [seen] = await validatedOf('shape', '50', 1)
    expect(seen).toMatchObject({ row: { origin: { unchanged: ['extra'] } } })
  })

  it('passes markers on, but not the incarnation of the raw topic', async () => {
    await harness.write([
      rawMarker(shape, 0, MarkerKind.INCARNATION, 0),
      rawMarker(shape, 0, MarkerKind.TRUNCATE, 40),
      rawMarker(shape, 1, MarkerKind.SWEEP, 41),
    ])
    const markers = await waitFor(
      async () => {
        const seen = (await harness.validated('shape')).flatMap(each =>
          each.kind === 'marker' ? [each.marker] : [],
        )
        return seen.length >= 2 ? seen : undefined
      },
      { what: 'two markers', everyMs: 100 },
    )
    expect(markers.map(({ kind, position }) => [kind, position?.ordinal])).toEqual([
      [MarkerKind.TRUNCATE, 40],
      [MarkerKind.SWEEP, 41],
    ])
  })

  it('sends what it cannot read to the dead letters', async () => {
    const raw = rawChange(shape, 1n, Op.INSERT, 50, good('60'))
    await harness.write([{ ...raw, value: Buffer.from('no protobuf') }])
    const [letter] = await waitFor(
      async () => {
        const found = await deadOf('shape', '60')
        return found.length > 0 ? found : undefined
      },
      { what: 'the dead letter', everyMs: 100 },
    )
    expect(letter?.headers?.['dead.code']?.toString()).toBe('decode.payload')
  })

  it('waits for a description that comes after the record', async () => {
    await harness.write([rawChange(shape, 77n, Op.INSERT, 60, good('70'))])
    await harness.describe(testRelation('shape', 77n))
    expect(await validatedOf('shape', '70', 1)).toHaveLength(1)
  })
})

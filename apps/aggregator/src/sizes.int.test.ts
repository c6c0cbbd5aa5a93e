import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { OutgoingRecord } from '@headrace/kafka'
import { waitFor } from '@headrace/testkit'
import { Op } from '@headrace/wire'
import { AggregatorHarness } from './testing/harness.ts'
import { TypedWriter } from './testing/source-tables.ts'
import { contract, type TestFiles } from './testing/test-folder.ts'

const LIMIT = 20_000

const files: TestFiles = (name, partitions) => ({
  'pipeline.yaml': `name: ${name}\npartitions: ${partitions}\nsources: { main: { tables: [parent, child, leaf] } }\nlimits: { documentBytes: ${LIMIT} }\n`,
  'contracts/parent.odcs.yaml': contract('parent', '      - { name: title, physicalType: text }'),
  'contracts/child.odcs.yaml': contract(
    'child',
    `      - { name: parent_id, physicalType: bigint }
      - { name: note, physicalType: text }`,
  ),
  'contracts/leaf.odcs.yaml': contract(
    'leaf',
    `      - { name: child_id, physicalType: bigint }
      - { name: text, physicalType: text }`,
  ),
  'views/parents.view.yaml': `
view: parents
root: parent
fields: [id, title]
lists:
  children:
    from: child
    on: { parent_id: id }
    fields: [id, note]
    lists:
      leaves: { from: leaf, on: { child_id: id }, fields: [id, text] }
aggregates:
  count: { count: children }
`,
})

describe('documents and rows that are too large (A18)', () => {
  const harness = new AggregatorHarness(2, files)
  const [parents, children, leaves] = ['parent', 'child', 'leaf'].map(
    dataset => new TypedWriter(harness.pipeline, dataset),
  ) as [TypedWriter, TypedWriter, TypedWriter]
  let lsn = 1000n
  const parent = (id: number, title = 't'): OutgoingRecord =>
    parents.record(Op.UPDATE, String(id), { title }, ++lsn)
  const child = (id: number, under: number, note = 'n'): OutgoingRecord =>
    children.record(Op.UPDATE, String(id), { parent_id: String(under), note }, ++lsn)
  const leaf = (id: number, under: number, text = 'l'): OutgoingRecord =>
    leaves.record(Op.UPDATE, String(id), { child_id: String(under), text }, ++lsn)
  const documentOf = (
    id: number,
    rows: readonly { id: number; note?: string; leaves?: number[] }[] = [],
  ) => ({
    id,
    title: 't',
    children: rows.map(row => ({
      id: row.id,
      note: row.note ?? 'n',
      leaves: (row.leaves ?? []).map(each => ({ id: each, text: 'l' })),
    })),
    count: rows.length,
  })

  beforeAll(() => harness.start())
  afterEach(() => harness.killAll())
  afterAll(() => harness.stop())

  /** Reasons of the stubs that stand now, by key. */
  const stubs = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      [...(await harness.documents())].flatMap(([key, { error }]) => (error === '' ? [] : [[key, error]])),
    )
  const expectStubs = async (expected: Readonly<Record<string, unknown>>): Promise<void> => {
    await waitFor(
      async () => {
        expect(await stubs()).toEqual(expected)
        return true
      },
      { what: `stubs of ${Object.keys(expected).sort().join()}`, timeoutMs: 120_000, everyMs: 200 },
    )
  }
  const right = async (id: number, document: unknown): Promise<void> => {
    await waitFor(
      async () => {
        const found = (await harness.documents()).get(String(id))
        return (
          found?.error === '' &&
          JSON.stringify(JSON.parse(found.source.toString())) === JSON.stringify(document)
        )
      },
      { what: `the document ${id}`, timeoutMs: 120_000, everyMs: 200 },
    )
  }

  it('give way to a stub and a dead letter, stop no other document, and are right again when they fit', async () => {
    const first = harness.spawn()
    const many = Array.from({ length: 400 }, (_, n) => child(100 + n, 1, 'x'.repeat(50)))
    await harness.write([parent(1), parent(2), parent(3, 'x'.repeat(LIMIT)), ...many, child(1, 2)])
    await right(2, documentOf(2, [{ id: 1 }]))
    await expectStubs({
      '1': expect.stringMatching(
        /^aggregate.too_large: the document has \d+ bytes or more, the limit is 20000$/,
      ),
      '3': expect.stringMatching(/^aggregate.too_large/),
    })
    expect((await harness.deadLetters()).get('1')).toMatchObject({
      'dead.code': 'enrich.failed',
      'dead.rule': 'aggregate.too_large',
      'dead.contract': 'test/parent',
      'dead.view': 'parents',
    })
    expect(await first.stop()).toBe(0)
    const second = harness.spawn()
    const gone = many
      .slice(1)
      .flatMap(({ key }) => [
        children.record(Op.DELETE, key!.toString(), {}, ++lsn),
        children.tombstone(key!.toString()),
      ])
    await harness.write([...gone, parent(3)])
    await right(1, documentOf(1, [{ id: 100, note: 'x'.repeat(50) }]))
    await right(3, documentOf(3))
    await expectStubs({})
    expect(await second.stop()).toBe(0)
  })

  it('are told by the document they stand under, on every level, until they shrink, move or go', async () => {
    const first = harness.spawn()
    const large = 'ü"'.repeat(LIMIT / 2)
    await harness.write([
      parent(11),
      parent(12),
      parent(13),
      child(21, 11, large),
      child(22, 12),
      leaf(31, 22, large),
    ])
    await right(13, documentOf(13))
    const element =
      /^aggregate.too_large: an element of list children has \d+ bytes or more, the limit is 20000$/
    const row =
      /^aggregate.too_large: a row of list children.leaves has \d+ bytes or more, the limit is 20000$/
    await expectStubs({ '11': expect.stringMatching(element), '12': expect.stringMatching(row) })
    // moved, then small
    await harness.write([child(21, 13, large), leaf(31, 22)])
    await right(11, documentOf(11))
    await right(12, documentOf(12, [{ id: 22, leaves: [31] }]))
    await expectStubs({ '13': expect.stringMatching(element) })
    // a sub-document that is too large although none of its rows is
    const twigs = Array.from({ length: 300 }, (_, n) => leaf(1000 + n, 22, 'x'.repeat(60)))
    await harness.write([...twigs, child(21, 13)])
    await right(13, documentOf(13, [{ id: 21 }]))
    await expectStubs({ '12': expect.stringMatching(element) })
    await harness.write(
      twigs.flatMap(({ key }) => [
        leaves.record(Op.DELETE, key!.toString(), {}, ++lsn),
        leaves.tombstone(key!.toString()),
      ]),
    )
    await right(12, documentOf(12, [{ id: 22, leaves: [31] }]))
    expect(await first.stop()).toBe(0)
  })
})

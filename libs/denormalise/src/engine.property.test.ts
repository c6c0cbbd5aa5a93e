import { describe, expect, it } from '@jest/globals'
import { type ColumnType, recordKey } from '@headrace/wire'
import fc from 'fast-check'
import { naiveDocument, type Tables } from './testing/naive-view.ts'
import { nextPosition, type Row, Simulation, type SourceRecord } from './testing/simulation.ts'
import type {
  AggregateDefinition,
  Condition,
  ListDefinition,
  NodeDefinition,
  ViewDefinition,
} from './view-definition.ts'

const type = (kind: ColumnType['kind']): ColumnType => ({ kind, dimensions: 0 })
const parentKeys = ['1', '10', '', '2', 'ä"\\']
const childKeys = ['1', '10', '100', 'x', '']
const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))

const parentColumns = { id: type('text'), a: type('int32'), b: type('json') }
const childColumns = {
  id: type('text'),
  parent: type('text'),
  n: type('int32'),
  c: type('text'),
  d: type('decimal'),
}

const subset = <T>(items: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...items], { minLength: 0 })
const fieldsOf = (columns: Readonly<Record<string, ColumnType>>) =>
  subset(Object.keys(columns)).map(names => names.map(column => ({ as: `f_${column}`, column })))

const conditions: fc.Arbitrary<Condition[]> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Condition[]>([]) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Condition[]>([{ column: 'c', is: 'null' }], [{ column: 'n', is: 'not_null' }]),
  },
  { weight: 1, arbitrary: fc.constant<Condition[]>([{ column: 'c', is: 'in', values: ['car', 'tr"uck'] }]) },
)

const listArbitrary = (name: string): fc.Arbitrary<ListDefinition> =>
  fc
    .record({
      fields: fieldsOf(childColumns),
      where: conditions,
      orderBy: fc.array(fc.record({ column: fc.constantFrom('n', 'c', 'd'), descending: fc.boolean() }), {
        maxLength: 2,
      }),
      limit: fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }),
      overflow: fc.constantFrom('truncate' as const, 'countOnly' as const),
    })
    .map(({ fields, limit, ...rest }) => ({
      name,
      node: {
        dataset: 'child',
        primaryKey: ['id'],
        columns: childColumns,
        fields,
        lists: [],
        references: [],
      },
      on: [{ child: 'parent', parent: 'id' }],
      ...rest,
      ...(limit === undefined ? {} : { limit }),
    }))

const aggregateArbitrary = (list: string, index: number): fc.Arbitrary<AggregateDefinition> =>
  fc.constantFrom<AggregateDefinition>(
    { path: `g.${list}.x${index}`, function: 'count', list },
    { path: `g.${list}.x${index}`, function: 'countBy', list, column: 'c' },
    { path: `g.${list}.x${index}`, function: 'countBy', list, column: 'n' },
    { path: `g.${list}.x${index}`, function: 'sum', list, column: 'n' },
    { path: `g.${list}.x${index}`, function: 'min', list, column: 'n' },
    { path: `g.${list}.x${index}`, function: 'max', list, column: 'c' },
    { path: `g.${list}.x${index}`, function: 'distinct', list, column: 'd' },
  )

const viewArbitrary: fc.Arbitrary<ViewDefinition> = fc
  .record({
    fields: fieldsOf(parentColumns),
    lists: fc.oneof(fc.tuple(listArbitrary('one')), fc.tuple(listArbitrary('one'), listArbitrary('two'))),
    kinds: fc.array(fc.nat(), { maxLength: 3 }),
  })
  .chain(({ fields, lists, kinds }) => {
    const root: NodeDefinition = {
      dataset: 'parent',
      primaryKey: ['id'],
      columns: parentColumns,
      fields,
      lists,
      references: [],
    }
    return fc
      .tuple(...kinds.map((pick, index) => aggregateArbitrary(lists[pick % lists.length]!.name, index)))
      .map(aggregates => ({ view: 'v', root, aggregates, text: [] }))
  })

type Operation =
  | { readonly kind: 'parent'; readonly key: string; readonly a: number | null; readonly b: unknown }
  | {
      readonly kind: 'child'
      readonly key: string
      readonly parent: string | null
      readonly n: number | null
      readonly c: string | null
      readonly d: number | null
    }
  | { readonly kind: 'deleteParent'; readonly key: string; readonly isIncomplete: boolean }
  | {
      readonly kind: 'deleteChild'
      readonly key: string
      readonly isIncomplete: boolean
      readonly parent: string | null
    }

const childOperation = fc.record({
  kind: fc.constant('child' as const),
  key: fc.constantFrom(...childKeys),
  parent: fc.constantFrom(...parentKeys, null),
  n: fc.constantFrom(1, 2, 10, -3, null),
  c: fc.constantFrom('car', 'tr"uck', 'ärger', null),
  d: fc.constantFrom(1, 2.5, -1, null),
})
const operations: fc.Arbitrary<Operation[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: childOperation },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('parent' as const),
        key: fc.constantFrom(...parentKeys),
        a: fc.constantFrom(1, null),
        b: fc.constantFrom<unknown>({ x: [1] }, null),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('deleteParent' as const),
        key: fc.constantFrom(...parentKeys),
        isIncomplete: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('deleteChild' as const),
        key: fc.constantFrom(...childKeys),
        isIncomplete: fc.boolean(),
        parent: fc.constantFrom(...parentKeys, null, ''),
      }),
    },
  ),
  { maxLength: 60 },
)

/** Runs the operations on plain tables and gives the records that capture and validator would make of them. */
const sourceOf = (history: readonly Operation[]): { tables: Tables; records: SourceRecord[] } => {
  const tables = new Map([
    ['parent', new Map<string, Row>()],
    ['child', new Map<string, Row>()],
  ])
  const records: SourceRecord[] = []
  for (const operation of history) {
    const dataset = operation.kind === 'parent' || operation.kind === 'deleteParent' ? 'parent' : 'child'
    const table = tables.get(dataset)!
    // an empty key is hashed by recordKey; the record key of the empty text is that hash
    const key = keyOf(operation.key)
    if (operation.kind === 'deleteParent' || operation.kind === 'deleteChild') {
      if (!table.delete(key)) continue
      // changed right before: what it left alone nobody could read again (03 C9c)
      if (operation.isIncomplete) {
        const row: Row =
          operation.kind === 'deleteParent'
            ? { id: json(operation.key), a: '1', b: '' }
            : { id: json(operation.key), parent: json(operation.parent), n: '', c: '', d: '1' }
        records.push({ dataset, key, position: nextPosition(), kind: 'row', row })
      }
      const position = nextPosition()
      records.push(
        { dataset, key, position, kind: 'delete', row: {} },
        { dataset, key, position, kind: 'tombstone', row: {} },
      )
      continue
    }
    const row: Row =
      operation.kind === 'parent'
        ? { id: json(operation.key), a: json(operation.a), b: json(operation.b) }
        : {
            id: json(operation.key),
            parent: json(operation.parent),
            n: json(operation.n),
            c: json(operation.c),
            d: json(operation.d),
          }
    table.set(key, row)
    records.push({ dataset, key, position: nextPosition(), kind: 'row', row })
  }
  return { tables, records }
}

const keyOf = (text: string): string => recordKey([text])

describe('the engine', () => {
  it('equals a naive recomputation after any history, arrival order and duplicates (cases 1-6, 9-14, 20-23, 25, 28-32, 38, 63)', () => {
    fc.assert(
      fc.property(
        viewArbitrary,
        operations,
        fc.array(fc.nat({ max: 11 }), { maxLength: 200 }),
        (view, history, schedule) => {
          const { tables, records } = sourceOf(history)
          const simulation = new Simulation(view)
          const queues = {
            parent: records.filter(record => record.dataset === 'parent'),
            child: view.root.lists.map(() => records.filter(record => record.dataset === 'child')),
          }
          const taken: SourceRecord[] = []
          const takeParent = (): void => {
            const next = queues.parent.shift()
            if (next === undefined) return
            simulation.root(next)
            taken.push(next)
          }
          const takeChild = (edge: number): void => {
            const next = queues.child[edge]?.shift()
            if (next !== undefined) simulation.route(edge, next)
          }
          for (const step of schedule) {
            if (step < 3) takeParent()
            else if (step < 6) takeChild(0)
            else if (step < 8) takeChild(1)
            else if (step < 10) simulation.hop((step - 8) % view.root.lists.length)
            else {
              // a row once more: its position is known or old, nothing happens (case 5)
              const again = taken.filter(record => record.kind !== 'tombstone')[
                step % Math.max(taken.length, 1)
              ]
              if (again !== undefined) expect(simulation.root(again)).toBe('ignored')
            }
          }
          while (queues.parent.length > 0) takeParent()
          view.root.lists.forEach((_, edge) => {
            while (queues.child[edge]!.length > 0) takeChild(edge)
          })
          simulation.drain()
          for (const key of parentKeys.map(keyOf)) {
            expect(simulation.document(key)).toEqual(naiveDocument(view, tables, key))
          }
        },
      ),
      { numRuns: 400 },
    )
  })
})

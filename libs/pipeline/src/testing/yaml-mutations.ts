import fc from 'fast-check'
import { type Document, isMap, isScalar, isSeq, parseDocument, visit } from 'yaml'

/** What happens to one place of a file; `pick` chooses the place and what it becomes. */
export interface Mutation {
  readonly file: number
  readonly place: number
  readonly kind: 'delete' | 'scalar' | 'duplicate' | 'type' | 'rename' | 'swap' | 'column'
  readonly pick: number
}

const SCALARS: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e21,
  100_000,
  '',
  'x',
  'id',
  'constructor',
  'desc',
  '2024-01-01',
  'mood',
  'text',
  'jsonb',
  'bigint',
  'real',
  'timetz',
  'integer[]',
  'sum',
  'fail',
]

const TYPES: readonly unknown[] = [[], {}, [[]], [null], { a: null }, { from: 'x' }, 'x', 7, null, false]
const NAMES = [
  'sum',
  'max',
  '__proto__',
  'constructor',
  'prototype',
  '_x',
  '_id',
  'sum',
  'min',
  'distinct',
  'x',
  '1',
  '',
]

const at = <T>(items: readonly T[], pick: number): T => items[pick % items.length]!

interface Place {
  readonly holder: unknown
  readonly index: number
}

/** Every entry of every mapping and list. */
const placesOf = (document: Document): readonly Place[] => {
  const places: Place[] = []
  visit(document, {
    Collection: (_, node) => {
      node.items.forEach((__, index) => places.push({ holder: node, index }))
    },
  })
  return places
}

/** Plain values of all scalars: a name that stands elsewhere makes better mistakes than a random one. */
const scalarsOf = (document: Document): readonly unknown[] => {
  const values: unknown[] = []
  visit(document, { Scalar: (_, node) => void values.push(node.value) })
  return values
}

const setValue = (document: Document, { holder, index }: Place, value: unknown): void => {
  if (isMap(holder)) holder.items[index]!.value = document.createNode(value)
  else if (isSeq(holder)) holder.items[index] = document.createNode(value)
}

const swap = (items: unknown[], index: number, pick: number): void => {
  const other = pick % items.length
  ;[items[index], items[other]] = [items[other], items[index]]
}

const valueOf = ({ holder, index }: Place): unknown => {
  const node = isMap(holder) ? holder.items[index]?.value : isSeq(holder) ? holder.items[index] : undefined
  return isScalar(node) ? node.value : undefined
}

/** Another column: `list.column` stays one of the list. */
const otherColumn = (value: unknown, columns: readonly string[], pick: number): string => {
  const column = at(columns, pick)
  const [list, rest] = typeof value === 'string' ? value.split('.') : []
  return rest === undefined ? column : `${list}.${column}`
}

const mutateAt = (
  document: Document,
  place: Place,
  { kind, pick }: Mutation,
  columns: readonly string[],
): void => {
  const { holder, index } = place
  if (!isMap(holder) && !isSeq(holder)) return
  const items: unknown[] = holder.items
  switch (kind) {
    case 'delete':
      items.splice(index, 1)
      return
    case 'duplicate':
      items.splice(pick % (items.length + 1), 0, items[index])
      return
    case 'column':
      return setValue(document, place, otherColumn(valueOf(place), columns, pick))
    case 'swap':
      return swap(items, index, pick)
    case 'scalar':
      return setValue(document, place, at([...SCALARS, ...scalarsOf(document)], pick))
    case 'type':
      return setValue(document, place, at(TYPES, pick))
    case 'rename': {
      const key = isMap(holder) ? holder.items[index]!.key : undefined
      const names = [...NAMES, ...scalarsOf(document)]
      if (isScalar(key)) key.value = at(names, pick)
    }
  }
}

/** The text with the mutation; the same text when nothing can be mutated. */
export const mutateYaml = (text: string, mutation: Mutation, columns: readonly string[]): string => {
  const document = parseDocument(text, { uniqueKeys: false })
  const places = placesOf(document)
  if (document.errors.length > 0 || places.length === 0) return text
  mutateAt(document, at(places, mutation.place), mutation, columns)
  return document.toString()
}

export const mutations = (): fc.Arbitrary<readonly Mutation[]> =>
  fc.array(
    fc.record({
      file: fc.nat(1000),
      place: fc.nat(100_000),
      kind: fc.constantFrom<Mutation['kind']>(
        'delete',
        'scalar',
        'duplicate',
        'type',
        'rename',
        'swap',
        'column',
      ),
      pick: fc.nat(100_000),
    }),
    { minLength: 1, maxLength: 3 },
  )

import type {
  AggregateDefinition,
  Condition,
  ListDefinition,
  NodeDefinition,
  ReferenceDefinition,
  ViewDefinition,
} from '../../view-definition.ts'
import { canonicalKeyText } from '@headrace/wire'
import { UNORDERED_POOLS, VALUE_POOLS, type ValuePool } from './value-pools.ts'

/** Draws a whole number from 0 to below `n`. */
export type Draw = (n: number) => number

export interface ForeignKey {
  readonly to: string
  /** Our column for each column of the other's primary key. */
  readonly columns: readonly string[]
}

export interface RandomTable {
  readonly name: string
  readonly primaryKey: readonly string[]
  readonly columns: Readonly<Record<string, ValuePool>>
  readonly foreignKeys: readonly ForeignKey[]
  /** Field name -> value as printed. */
  readonly rows: readonly Row[]
}

export type Row = Readonly<Record<string, string | null>>

export interface RandomCase {
  readonly tables: ReadonlyMap<string, RandomTable>
  readonly view: ViewDefinition
}

const pick = <T>(draw: Draw, values: readonly T[]): T => values[draw(values.length)]!
const chance = (draw: Draw, oneIn: number): boolean => draw(oneIn) === 0
const some = <T>(draw: Draw, values: readonly T[], oneIn = 2): T[] => values.filter(() => chance(draw, oneIn))

const keyText = (pool: ValuePool, text: string): string =>
  canonicalKeyText(pool.type.kind === 'decimal' ? 'numeric' : 'text', text)

const valueOf = (draw: Draw, pool: ValuePool): string => pick(draw, pick(draw, pool.ascending))

interface Draft {
  readonly name: string
  readonly primaryKey: string[]
  readonly columns: Record<string, ValuePool>
  readonly foreignKeys: ForeignKey[]
}

const draftTables = (draw: Draw): Draft[] => {
  const keys = VALUE_POOLS.filter(each => each.isKey)
  const drafts = Array.from({ length: 2 + draw(3) }, (_, index): Draft => {
    const columns: Record<string, ValuePool> = {}
    const primaryKey = Array.from({ length: chance(draw, 3) ? 2 : 1 }, (_k, at) => `key ${index}${at}`)
    for (const column of primaryKey) columns[column] = pick(draw, keys)
    const values = 1 + draw(4)
    for (let at = 0; at < values; at++) columns[`v${at}`] = pick(draw, [...VALUE_POOLS, ...UNORDERED_POOLS])
    return { name: `Table ${index}`, primaryKey, columns, foreignKeys: [] }
  })
  for (const from of drafts) {
    for (let edge = draw(4); edge > 0; edge--) addForeignKey(from, pick(draw, drafts))
  }
  return drafts
}

const addForeignKey = (from: Draft, to: Draft): void => {
  const columns = to.primaryKey.map((key, at) => {
    const name = `fk${from.foreignKeys.length}_${at}`
    from.columns[name] = to.columns[key]!
    return name
  })
  from.foreignKeys.push({ to: to.name, columns })
}

const drawRows = (draw: Draw, { columns, primaryKey }: Draft): Row[] => {
  const rows = new Map<string, Row>()
  for (let left = 3 + draw(8); left > 0; left--) {
    const row: Record<string, string | null> = {}
    for (const [name, pool] of Object.entries(columns)) {
      row[name] = !primaryKey.includes(name) && chance(draw, 5) ? null : valueOf(draw, pool)
    }
    const key = JSON.stringify(primaryKey.map(name => keyText(columns[name]!, row[name]!)))
    if (!rows.has(key)) rows.set(key, row)
  }
  return [...rows.values()]
}

/** Most references lead somewhere: keys drawn at random would hardly ever meet. */
const joinRows = (
  draw: Draw,
  draft: Draft,
  rowsOf: ReadonlyMap<string, readonly Row[]>,
  primaryKeyOf: (name: string) => readonly string[],
): Row[] =>
  rowsOf.get(draft.name)!.map(row => {
    const joined: Record<string, string | null> = { ...row }
    for (const { to, columns } of draft.foreignKeys) {
      const targets = rowsOf.get(to)!
      if (targets.length === 0 || chance(draw, 4)) continue
      const target = targets[Math.min(draw(targets.length), draw(targets.length))]!
      columns.forEach((column, at) => (joined[column] = target[primaryKeyOf(to)[at]!]!))
    }
    return joined
  })

class ViewMaker {
  private readonly draw: Draw
  private readonly tables: ReadonlyMap<string, RandomTable>
  private names = 0
  private budget = 8

  constructor(draw: Draw, tables: ReadonlyMap<string, RandomTable>) {
    this.draw = draw
    this.tables = tables
  }

  view(): ViewDefinition {
    const root = this.node(pick(this.draw, [...this.tables.values()]), 0)
    const aggregates = root.lists.flatMap(list =>
      some(this.draw, [1, 2, 3, 4]).map(() => this.aggregate(list)),
    )
    return { view: 'random', root, aggregates, text: [] }
  }

  private name(): string {
    return `${pick(this.draw, ['n', "it's ", 'back\\', 'Größe "'])}${this.names++}`
  }

  private node(table: RandomTable, depth: number): NodeDefinition {
    return {
      dataset: table.name,
      primaryKey: table.primaryKey,
      columns: Object.fromEntries(Object.entries(table.columns).map(([name, { type }]) => [name, type])),
      fields: some(this.draw, Object.keys(table.columns)).map(column => ({ as: this.name(), column })),
      lists: depth > 2 ? [] : [...this.tables.values()].flatMap(from => this.lists(table, from, depth)),
      references: depth > 2 ? [] : this.references(table, depth),
    }
  }

  private takes(): boolean {
    return this.budget > 0 && chance(this.draw, 2) && this.budget-- > 0
  }

  private lists(parent: RandomTable, from: RandomTable, depth: number): ListDefinition[] {
    return from.foreignKeys
      .filter(each => each.to === parent.name && this.takes())
      .map(each => ({
        name: this.name(),
        node: this.node(from, depth + 1),
        on: each.columns.map((child, at) => ({ child, parent: parent.primaryKey[at]! })),
        where: chance(this.draw, 3) ? [this.condition(from)] : [],
        orderBy: some(this.draw, orderable(from), 4).map(column => ({
          column,
          descending: chance(this.draw, 2),
        })),
        ...(chance(this.draw, 2) ? { limit: 1 + this.draw(2) } : {}),
        overflow: pick(this.draw, ['truncate', 'countOnly', 'fail']),
      }))
  }

  private references(table: RandomTable, depth: number): ReferenceDefinition[] {
    return table.foreignKeys
      .filter(() => this.takes())
      .map(({ to, columns }) => {
        const target = this.tables.get(to)!
        return {
          name: this.name(),
          node: this.node(target, depth + 1),
          on: columns.map((column, at) => ({ column, key: target.primaryKey[at]! })),
          flatten: chance(this.draw, 2),
        }
      })
  }

  private condition(table: RandomTable): Condition {
    const column = pick(this.draw, Object.keys(table.columns))
    const pool = table.columns[column]!
    const kinds = ['boolean', 'int16', 'int32', 'int64', 'text', 'uuid', 'date']
    if (!kinds.includes(pool.type.kind) || pool.type.dimensions > 0 || chance(this.draw, 3)) {
      return { column, is: pick(this.draw, ['null', 'not_null']) }
    }
    return { column, is: 'in', values: [valueOf(this.draw, pool), valueOf(this.draw, pool)] }
  }

  private aggregate(list: ListDefinition): AggregateDefinition {
    const path = pick(this.draw, [`a${this.names++}`, `deep.a${this.names++}`, `deep.er.a${this.names++}`])
    const table = this.tables.get(list.node.dataset)!
    const column = pick(this.draw, orderable(table))
    const isExact = /^(int|decimal)/.test(table.columns[column]!.type.kind)
    const name = pick(this.draw, [
      'count',
      'countBy',
      'min',
      'max',
      'distinct',
      isExact ? 'sum' : 'count',
    ] as const)
    return { path, function: name, list: list.name, ...(name === 'count' ? {} : { column }) }
  }
}

const orderable = (table: RandomTable): string[] =>
  Object.keys(table.columns).filter(name => !UNORDERED_POOLS.includes(table.columns[name]!))

/** Tables with rows and a view over them. */
export const randomCase = (draw: Draw): RandomCase => {
  const drafts = draftTables(draw)
  const rows = new Map(drafts.map(draft => [draft.name, drawRows(draw, draft)]))
  const primaryKeyOf = (name: string): readonly string[] =>
    drafts.find(draft => draft.name === name)!.primaryKey
  const tables = new Map(
    drafts.map(draft => [draft.name, { ...draft, rows: joinRows(draw, draft, rows, primaryKeyOf) }]),
  )
  return { tables, view: new ViewMaker(draw, tables).view() }
}

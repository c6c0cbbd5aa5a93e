import { canonicalKeyText, jsonText, recordKey } from '@headrace/wire'
import type { AggregateDefinition, Condition, ListDefinition, NodeDefinition } from '../../view-definition.ts'
import type { RandomCase, RandomTable, Row } from './random-view.ts'
import type { ValuePool } from './value-pools.ts'

export interface NaiveDocument {
  readonly key: string
  readonly document: string
  readonly overflow: boolean
}

type Members = Record<string, string>

const rank = (pool: ValuePool, text: string): number =>
  pool.ascending.findIndex(group => group.includes(text))

const keyText = (pool: ValuePool, text: string): string =>
  canonicalKeyText(pool.type.kind === 'decimal' ? 'numeric' : 'text', text)

const objectText = (members: Members): string =>
  `{${Object.entries(members)
    .map(([name, text]) => `${JSON.stringify(name)}:${text}`)
    .join(',')}}`

/** Documents computed row by row from the tables in memory, as simply as can be: a second opinion on the oracle. */
export class NaiveDocuments {
  private readonly tables: RandomCase['tables']
  private readonly view: RandomCase['view']
  private overflow = false

  constructor({ tables, view }: RandomCase) {
    this.tables = tables
    this.view = view
  }

  all(): NaiveDocument[] {
    const { root, aggregates } = this.view
    const table = this.table(root)
    return table.rows.map(row => {
      this.overflow = false
      const members = this.members(root, row)
      const tree: AggregateTree = {}
      for (const aggregate of aggregates)
        place(tree, aggregate.path.split('.'), this.aggregate(aggregate, row))
      for (const [name, value] of Object.entries(tree)) members[name] = treeText(value)
      const key = recordKey(table.primaryKey.map(name => keyText(table.columns[name]!, row[name]!)))
      return { key, document: objectText(members), overflow: this.overflow }
    })
  }

  private table(node: NodeDefinition): RandomTable {
    return this.tables.get(node.dataset)!
  }

  private json(node: NodeDefinition, row: Row | undefined, column: string): string {
    const text = row?.[column]
    return text === null || text === undefined
      ? 'null'
      : jsonText(this.table(node).columns[column]!.type, text)!
  }

  private members(node: NodeDefinition, row: Row | undefined): Members {
    const members: Members = {}
    for (const { as, column } of node.fields) members[as] = this.json(node, row, column)
    for (const { name, node: to, on, flatten } of node.references) {
      const found = this.table(to).rows.find(other =>
        on.every(({ column, key }) => this.same(node, row?.[column], to, other[key], column, key)),
      )
      if (flatten) Object.assign(members, this.members(to, found))
      else members[name] = found === undefined ? 'null' : objectText(this.members(to, found))
    }
    for (const list of node.lists) members[list.name] = this.listText(list, node, row)
    return members
  }

  private same(
    node: NodeDefinition,
    own: string | null | undefined,
    to: NodeDefinition,
    other: string | null | undefined,
    column: string,
    key: string,
  ): boolean {
    if (own === null || own === undefined || other === null || other === undefined) return false
    return keyText(this.table(node).columns[column]!, own) === keyText(this.table(to).columns[key]!, other)
  }

  private rows(list: ListDefinition, parent: NodeDefinition, row: Row | undefined): Row[] {
    return this.table(list.node)
      .rows.filter(child =>
        list.on.every(on =>
          this.same(list.node, child[on.child], parent, row?.[on.parent], on.child, on.parent),
        ),
      )
      .filter(child => list.where.every(condition => holds(condition, child[condition.column] ?? null)))
  }

  private listText(list: ListDefinition, parent: NodeDefinition, row: Row | undefined): string {
    const table = this.table(list.node)
    const order = [...list.orderBy, ...list.node.primaryKey.map(column => ({ column, descending: false }))]
    const rows = this.rows(list, parent, row).sort((a, b) => {
      for (const { column, descending } of order) {
        const [x, y] = [a[column] ?? null, b[column] ?? null]
        if (x === null && y === null) continue
        if (x === null || y === null) return x === null ? 1 : -1
        const difference = rank(table.columns[column]!, x) - rank(table.columns[column]!, y)
        if (difference !== 0) return descending ? -difference : difference
      }
      return 0
    })
    const texts = rows.map(child => objectText(this.members(list.node, child)))
    const { limit = Infinity } = list
    if (texts.length > limit && list.overflow === 'fail') this.overflow = true
    if (texts.length > limit && list.overflow === 'countOnly') return '[]'
    return `[${texts.slice(0, list.overflow === 'fail' ? undefined : limit).join(',')}]`
  }

  private aggregate(aggregate: AggregateDefinition, row: Row): string {
    const { root } = this.view
    const list = root.lists.find(each => each.name === aggregate.list)!
    const rows = this.rows(list, root, row)
    const { column } = aggregate
    if (column === undefined) return String(rows.length)
    const pool = this.table(list.node).columns[column]!
    const values = rows.map(each => each[column]).filter(each => each !== null && each !== undefined)
    const sorted = values.sort((a, b) => rank(pool, a) - rank(pool, b))
    switch (aggregate.function) {
      case 'count':
        return String(values.length)
      case 'min':
        return sorted.length === 0 ? 'null' : jsonText(pool.type, sorted[0]!)!
      case 'max':
        return sorted.length === 0 ? 'null' : jsonText(pool.type, sorted[sorted.length - 1]!)!
      case 'distinct':
        return String(new Set(values.map(each => rank(pool, each))).size)
      case 'sum':
        return sumText(values)
      case 'countBy':
        return countsText(values.map(each => jsonText(pool.type, each)!))
    }
  }
}

type AggregateTree = { [name: string]: string | AggregateTree }

const place = (tree: AggregateTree, path: readonly string[], value: string): void => {
  const [name = '', ...rest] = path
  if (rest.length === 0) tree[name] = value
  else place((tree[name] ??= {}) as AggregateTree, rest, value)
}

const treeText = (value: string | AggregateTree): string =>
  typeof value === 'string'
    ? value
    : objectText(Object.fromEntries(Object.entries(value).map(([name, each]) => [name, treeText(each)])))

const holds = (condition: Condition, value: string | null): boolean => {
  if (condition.is === 'in') return value !== null && condition.values.includes(value)
  return (value === null) === (condition.is === 'null')
}

const countsText = (texts: readonly string[]): string => {
  const counts: Record<string, number> = {}
  for (const text of texts) {
    const name = text.startsWith('"') ? (JSON.parse(text) as string) : text
    counts[name] = (counts[name] ?? 0) + 1
  }
  return JSON.stringify(counts)
}

const SCALE = 12

const sumText = (values: readonly string[]): string => {
  if (values.length === 0) return 'null'
  const infinite = new Set(values.filter(each => /[a-zA-Z]/.test(each)))
  if (infinite.has('NaN') || infinite.size > 1) return '"NaN"'
  for (const only of infinite) return `"${only}"`
  const units = values.map(text => {
    const [whole = '', fraction = ''] = text.split('.')
    return BigInt(whole + fraction.padEnd(SCALE, '0'))
  })
  const sum = units.reduce((a, b) => a + b, 0n)
  const digits = (sum < 0n ? -sum : sum).toString().padStart(SCALE + 1, '0')
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -SCALE)}.${digits.slice(-SCALE)}`
}

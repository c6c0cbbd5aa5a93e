import { canonicalKeyText, jsonText, type Position, recordKey } from '@headrace/wire'
import type { Draw, RandomCase, RandomTable, Row } from '../oracle/testing/random-view.ts'
import type { ListDefinition, NodeDefinition, ViewDefinition } from '../view-definition.ts'
import type { Simulation, SourceRecord } from './simulation.ts'

/** The view without what is not built. */
export const buildable = (view: ViewDefinition): ViewDefinition => {
  const node = (each: NodeDefinition, depth: number): NodeDefinition => ({
    ...each,
    lists: each.lists.map(list => listOf(list, depth)),
    references: each.references.map(to => ({ ...to, node: { ...to.node, lists: [], references: [] } })),
  })
  const listOf = (list: ListDefinition, depth: number): ListDefinition => ({
    ...list,
    node: node(list.node, depth + 1),
    overflow: depth > 0 && list.overflow === 'fail' ? 'truncate' : list.overflow,
  })
  return { ...view, root: node(view.root, 0) }
}

const keyOf = ({ primaryKey, columns }: RandomTable, row: Row): string =>
  recordKey(
    primaryKey.map(name =>
      canonicalKeyText(columns[name]!.type.kind === 'decimal' ? 'numeric' : 'text', row[name]!),
    ),
  )

/**
 * Tables that live: rows come, change (with the columns of another row), get another key, go and come again, one by one or
 * several in a transaction; tables are truncated, or loaded anew after changes that nobody saw, with a sweep behind.
 */
export class RandomHistory {
  /** What capture and validator made of it, since the last `take`. */
  private records: SourceRecord[] = []
  private readonly given: RandomCase
  private readonly draw: Draw
  private readonly live = new Map<string, Map<string, Row>>()
  private lsn = 1000n
  private ordinal = 0
  changes = 0

  constructor(given: RandomCase, draw: Draw) {
    this.given = given
    this.draw = draw
    for (const name of given.tables.keys()) this.live.set(name, new Map())
    for (const table of given.tables.values()) for (const row of table.rows) this.put(table, row)
  }

  /** Goes on by some changes. */
  goOn(count: number): void {
    const tables = [...this.given.tables.values()].filter(table => table.rows.length > 0)
    if (tables.length === 0) return
    for (let left = count; left > 0; left--) this.change(tables[this.draw(tables.length)]!)
  }

  /** The records since the last call. */
  take(): readonly SourceRecord[] {
    const { records } = this
    this.records = []
    return records
  }

  /** What the tables hold now. */
  tables(): RandomCase['tables'] {
    return new Map(
      [...this.given.tables].map(([name, table]) => [
        name,
        { ...table, rows: [...this.live.get(name)!.values()] },
      ]),
    )
  }

  private position(): Position {
    // every third change belongs to the transaction of the one before
    if (this.draw(3) === 0) this.ordinal++
    else {
      this.lsn++
      this.ordinal = 0
    }
    return { epoch: 1, commitLsn: this.lsn, ordinal: this.ordinal }
  }

  private add(
    table: RandomTable,
    key: string,
    kind: SourceRecord['kind'],
    row: Row = {},
    repair = false,
  ): void {
    const texts = Object.entries(row).map(
      ([name, value]) => [name, value === null ? null : jsonText(table.columns[name]!.type, value)!] as const,
    )
    this.changes++
    this.records.push({
      dataset: table.name,
      key,
      position: this.position(),
      kind,
      row: Object.fromEntries(texts),
      repair,
    })
  }

  private change(table: RandomTable): void {
    const pick = (): Row => table.rows[this.draw(table.rows.length)]!
    const row = pick()
    switch (this.draw(40)) {
      case 0:
        return this.truncate(table)
      case 1:
        return this.loadAnew(table)
      case 2:
      case 3:
        return this.repair(table, row)
    }
    if (this.draw(3) === 0) return this.remove(table, row)
    const other = pick()
    // another key: the old row goes, the same transaction brings the new one (03 C10)
    if (this.draw(6) === 0) this.remove(table, other)
    this.put(table, {
      ...other,
      ...Object.fromEntries(table.primaryKey.map(column => [column, row[column]!])),
    })
  }

  private put(table: RandomTable, row: Row): void {
    const key = keyOf(table, row)
    this.live.get(table.name)!.set(key, row)
    this.add(table, key, 'row', row)
  }

  private remove(table: RandomTable, row: Row): void {
    const key = keyOf(table, row)
    if (!this.live.get(table.name)!.delete(key)) return
    if (this.draw(4) === 0) this.addIncomplete(table, key)
    this.add(table, key, 'delete')
    this.add(table, key, 'tombstone')
  }

  /** The last change of a row that is gone: perhaps a move, and nobody knows what it left unchanged any more (03 C9c). */
  private addIncomplete(table: RandomTable, key: string): void {
    this.add(table, key, 'row', table.rows[this.draw(table.rows.length)]!)
    const { row } = this.records[this.records.length - 1]!
    const unsent = Object.keys(row).filter(column => !table.primaryKey.includes(column) && this.draw(2) === 0)
    this.records.push({
      ...this.records.pop()!,
      row: { ...row, ...Object.fromEntries(unsent.map(column => [column, ''])) },
    })
  }

  private truncate(table: RandomTable): void {
    this.live.get(table.name)!.clear()
    this.add(table, '', 'marker')
  }

  /** What verify --repair captures again: a row as it is, or that it is gone. */
  private repair(table: RandomTable, row: Row): void {
    const key = keyOf(table, row)
    const live = this.live.get(table.name)!.get(key)
    this.add(table, key, live === undefined ? 'delete' : 'row', live, true)
  }

  private loadAnew(table: RandomTable): void {
    const live = this.live.get(table.name)!
    for (let unseen = this.draw(3); unseen > 0; unseen--) {
      const row = table.rows[this.draw(table.rows.length)]!
      if (this.draw(2) === 0) live.delete(keyOf(table, row))
      else live.set(keyOf(table, row), row)
    }
    this.lsn++
    const start = { epoch: 1, commitLsn: this.lsn, ordinal: 0 }
    let ordinal = 0
    for (const [key, row] of live) {
      this.add(table, key, 'row', row)
      const last = this.records.pop()!
      this.records.push({ ...last, position: { ...start, ordinal: ordinal++ } })
    }
    this.add(table, '', 'marker')
    const marker = this.records.pop()!
    this.records.push({ ...marker, position: start })
    this.lsn = start.commitLsn + BigInt(ordinal) + 1n
  }
}

/** Every reader of a dataset has its own place in the log; all of them, hops and emissions move in any order. */
export const runInAnyOrder = (simulation: Simulation, records: readonly SourceRecord[], draw: Draw): void => {
  const reader = (dataset: string, take: (record: SourceRecord) => unknown): (() => boolean) => {
    const own = records.filter(record => record.dataset === dataset)
    let at = 0
    return () => {
      const next = own[at++]
      if (next !== undefined) take(next)
      return next !== undefined
    }
  }
  const { plan } = simulation
  const readers = [
    ...plan.routers.map(({ dataset, number }) => reader(dataset, record => simulation.route(number, record))),
    ...plan.groups.map(group => reader(group.dataset, record => simulation.root(record, group))),
    ...plan.dimensions.map(({ dataset, number }) =>
      reader(dataset, record => simulation.dimension(number, record)),
    ),
  ]
  const hops = simulation.edges.map(
    ({ number }) =>
      () =>
        simulation.hop(number) !== undefined,
  )
  const emissions = plan.groups.map(group => () => simulation.emitBelow(group))
  const all = [...readers, ...readers, ...hops, ...emissions]
  for (let left = records.length * 3; left > 0; left--) all[draw(all.length)]!()
  for (const read of readers) while (read());
  simulation.drain()
}

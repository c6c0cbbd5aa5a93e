import type { OutgoingRecord } from '@headrace/kafka'
import type { Pipeline } from '@headrace/pipeline'
import type { Random } from '@headrace/testkit'
import { MarkerKind, Op } from '@headrace/wire'
import { TypedWriter } from './source-tables.ts'

type Value = number | string | null
type Row = Readonly<Record<string, Value>>

/** Columns that refer to another table. */
const FOREIGN: Readonly<Record<string, Readonly<Record<string, Table>>>> = {
  owner: {},
  tag: {},
  parent: { owner_id: 'owner', above_id: 'parent' },
  link: { parent_id: 'parent', tag_id: 'tag' },
  child: { parent_id: 'parent', owner_id: 'owner' },
  part: { child_id: 'child', tag_id: 'tag' },
  note: { part_id: 'part' },
}

const SIZES = { owner: 4, tag: 6, parent: 25, link: 60, child: 60, part: 90, note: 90 } as const

type Table = keyof typeof SIZES

const textsOf = (row: Row): Record<string, string | null> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]),
  )

const TABLES = Object.keys(SIZES) as Table[]

/** The tables of `treeFiles`, changing at random, and the documents they should give. */
export class TreeTables {
  private readonly rows = new Map<Table, Map<number, Row>>(TABLES.map(table => [table, new Map()]))
  private readonly writers: ReadonlyMap<Table, TypedWriter>
  private readonly random: Random
  private lsn = 1000n

  constructor(pipeline: Pipeline, random: Random) {
    this.random = random
    this.writers = new Map(TABLES.map(table => [table, new TypedWriter(pipeline, table)]))
  }

  change(count: number): OutgoingRecord[] {
    return Array.from({ length: count }, () => this.changeOne(this.random.pick(TABLES))).flat()
  }

  /** A row of this table changes; now and then the table is truncated or loaded anew. */
  private changeOne(table: Table): OutgoingRecord[] {
    const { random } = this
    if (random.chance(0.006)) return this.truncate(table)
    if (random.chance(0.006)) return this.loadAnew(table)
    const rows = this.rows.get(table)!
    const id = random.int(1, SIZES[table])
    const writer = this.writers.get(table)!
    if (rows.has(id) && random.chance(0.15)) {
      const last = random.chance(0.25) ? [this.incomplete(table, id, rows.get(id)!)] : []
      rows.delete(id)
      return [...last, writer.record(Op.DELETE, String(id), {}, ++this.lsn), writer.tombstone(String(id))]
    }
    const row = this.fresh(table, rows.get(id))
    rows.set(id, row)
    return [writer.record(Op.UPDATE, String(id), textsOf(row), ++this.lsn)]
  }

  /** The last change of a row, perhaps a move: what it left alone was gone when capture read it (03 C9c). */
  private incomplete(table: Table, id: number, old: Row): OutgoingRecord {
    const { random } = this
    const row = this.fresh(table, old)
    const unchanged = Object.keys(row).filter(() => random.chance())
    return this.writers.get(table)!.record(Op.UPDATE, String(id), textsOf(row), ++this.lsn, { unchanged })
  }

  private fresh(table: Table, old: Row | undefined): Row {
    const { random } = this
    const row: Record<string, Value> = { ...this.values(table) }
    for (const [column, to] of Object.entries(FOREIGN[table]!)) {
      const stays = old !== undefined && random.chance()
      row[column] = stays ? old[column]! : random.chance(0.1) ? null : random.int(1, SIZES[to])
    }
    return row
  }

  private truncate(table: Table): OutgoingRecord[] {
    this.rows.get(table)!.clear()
    return this.writers.get(table)!.markers(MarkerKind.TRUNCATE, ++this.lsn)
  }

  /** A first load after changes that nobody saw: all rows, then a sweep at the load's position (03 C12). */
  loadAnew(table: Table): OutgoingRecord[] {
    const { random } = this
    const rows = this.rows.get(table)!
    const writer = this.writers.get(table)!
    for (const id of [...rows.keys()]) {
      if (random.chance(0.1)) rows.delete(id)
      else if (random.chance(0.1)) rows.set(id, this.fresh(table, undefined))
    }
    const lsn = ++this.lsn
    const loaded = random
      .shuffled([...rows])
      .map(([id, row], ordinal) => writer.record(Op.UPDATE, String(id), textsOf(row), lsn, { ordinal }))
    return [...loaded, ...writer.markers(MarkerKind.SWEEP, lsn)]
  }

  private values(table: Table): Row {
    const { random } = this
    const label = random.pick([null, 'a', 'ü "q"', `l${random.int(0, 1000)}`])
    switch (table) {
      case 'owner':
        return { name: label, unseen: random.pick(['x', 'y']) }
      case 'parent':
        return { title: label }
      case 'child':
        return { rank: random.pick([null, 1, 2, 10]), hidden: random.chance(0.1) ? 'yes' : null }
      case 'link':
        return {}
      case 'tag':
      case 'part':
      case 'note':
        return { label }
    }
  }

  /** Every document as it should be, by key: nothing is shared with the engine. */
  documents(): Map<string, unknown> {
    return new Map([...this.rows.get('parent')!].map(([id, row]) => [String(id), this.parent(id, row)]))
  }

  private get(table: Table, id: Value | undefined): Row | undefined {
    return typeof id === 'number' ? this.rows.get(table)!.get(id) : undefined
  }

  private children(table: Table, column: string, parent: number): [number, Row][] {
    return [...this.rows.get(table)!].filter(([, row]) => row[column] === parent).sort(([a], [b]) => a - b)
  }

  private parent(id: number, { title, owner_id, above_id }: Row): unknown {
    const owner = this.get('owner', owner_id)
    const above = this.get('parent', above_id)
    const below = this.children('parent', 'above_id', id)
    const links = this.children('link', 'parent_id', id)
    const children = this.children('child', 'parent_id', id)
      .filter(([, { hidden }]) => hidden === null)
      .sort(([, a], [, b]) => Number(b['rank'] ?? -1) - Number(a['rank'] ?? -1))
    const ranks: Record<string, number> = {}
    for (const [, { rank }] of children)
      if (rank !== null) ranks[String(rank)] = (ranks[String(rank)] ?? 0) + 1
    return {
      id,
      title,
      owner: owner === undefined ? null : { id: owner_id, name: owner['name'] },
      above: above === undefined ? null : { id: above_id, title: above['title'] },
      below: below.slice(0, 3).map(([each, row]) => ({ id: each, title: row['title'] })),
      tags: links.map(([link, { tag_id }]) => {
        const tag = this.get('tag', tag_id)
        return {
          id: link,
          tag_id: tag === undefined ? null : tag_id,
          tag_label: tag === undefined ? null : tag['label'],
        }
      }),
      children: children.map(([child, row]) => this.child(child, row)),
      summary: { below: below.length, tags: links.length, ranks },
    }
  }

  private child(id: number, { rank, owner_id }: Row): unknown {
    return {
      id,
      rank,
      owner_name: this.get('owner', owner_id)?.['name'] ?? null,
      parts: this.children('part', 'child_id', id).map(([part, { label, tag_id }]) => {
        const tag = this.get('tag', tag_id)
        return {
          id: part,
          label,
          tag: tag === undefined ? null : { label: tag['label'] },
          notes: this.notes(part),
        }
      }),
    }
  }

  private notes(part: number): unknown[] {
    const bytes = (value: Value | undefined): Buffer => Buffer.from(String(value))
    return this.children('note', 'part_id', part)
      .map(([id, { label }]) => ({ id, label: label ?? null }))
      .sort((a, b) => {
        if (a.label === null || b.label === null) return a.label === b.label ? 0 : a.label === null ? 1 : -1
        return Buffer.compare(bytes(a.label), bytes(b.label))
      })
  }
}

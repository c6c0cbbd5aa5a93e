import { ByteWriter } from './byte-writer.ts'
import { aggregateText, countByEntries, GroupAggregates } from './group-aggregates.ts'
import type { LayoutPart } from './layout.ts'
import type { EdgePlan, GroupPlan } from './plan.ts'
import { RowCursor } from './projected-row.ts'
import type { StateStore } from './state-store.ts'
import { AGGREGATES_SECTION, documentPrefix, FIRST_EDGE_SECTION, ROOT_SECTION } from './store-keys.ts'
import { compareSortKeys, isLive, rowOffset } from './stored-row.ts'

export type Assembled =
  /** `side`: index-only fields, undefined when the view has none (06 E7). */
  | { readonly kind: 'document'; readonly source: Buffer; readonly side: Buffer | undefined }
  /** There is no root row. */
  | { readonly kind: 'absent' }
  /** The declared policy refuses it (05 A18). */
  | { readonly kind: 'overflow'; readonly list: string; readonly limit: number; readonly rows: number }

const OPEN = 0x5b
const CLOSE = 0x5d
const COMMA = 0x2c

/** Makes documents of what a group stage has stored: concatenates texts, parses none. */
export class Assembler {
  private readonly plan: GroupPlan
  private readonly store: StateStore
  private readonly writer = new ByteWriter()
  private readonly cursor = new RowCursor(Buffer.alloc(0))
  private readonly elementCursor = new RowCursor(Buffer.alloc(0))

  constructor(plan: GroupPlan, store: StateStore) {
    this.plan = plan
    this.store = store
  }

  assemble(documentKey: string): Assembled {
    const prefix = documentPrefix(this.plan.stage, documentKey)
    const children: Buffer[][] = this.plan.edges.map(() => [])
    let root: Buffer | undefined
    let aggregates: Buffer | undefined
    for (const { key, value } of this.store.range(prefix)) {
      const section = key[prefix.length]!
      if (section === ROOT_SECTION) root = value
      else if (section === AGGREGATES_SECTION) aggregates = value
      else children[section - FIRST_EDGE_SECTION]!.push(value)
      // the root row comes first: without it nothing else is read
      if (root === undefined || !isLive(root)) return { kind: 'absent' }
    }
    if (root === undefined) return { kind: 'absent' }
    return this.render(root, new GroupAggregates(this.plan, aggregates), children)
  }

  private render(root: Buffer, aggregates: GroupAggregates, children: readonly Buffer[][]): Assembled {
    const { writer, cursor } = this
    writer.reset()
    cursor.reset(root, rowOffset(root))
    for (const part of this.plan.layout) {
      if (part.kind === 'text') writer.appendAll(part.bytes)
      else if (part.kind === 'value') {
        cursor.next()
        writer.append(root, cursor.start, cursor.end)
      } else if (part.slot.kind === 'aggregate')
        writer.appendText(aggregateText(part.slot.aggregate, aggregates))
      else {
        const edge = this.plan.edges[part.slot.edge]!
        const rows = children[part.slot.edge]!
        const { limit } = edge
        if (limit !== undefined && rows.length > limit && edge.overflow === 'fail') {
          return { kind: 'overflow', list: edge.name, limit, rows: rows.length }
        }
        this.renderList(edge, rows)
      }
    }
    return { kind: 'document', source: writer.take(), side: this.renderSide(aggregates) }
  }

  private renderList(edge: EdgePlan, rows: Buffer[]): void {
    const { writer } = this
    const { limit = Infinity } = edge
    const shown = rows.length <= limit ? rows.length : edge.overflow === 'countOnly' ? 0 : limit
    if (rows.length > 1) rows.sort(compareSortKeys)
    writer.appendByte(OPEN)
    for (let i = 0; i < shown; i++) {
      if (i > 0) writer.appendByte(COMMA)
      this.renderElement(edge.layout, rows[i]!)
    }
    writer.appendByte(CLOSE)
  }

  private renderElement(layout: readonly LayoutPart<never>[], stored: Buffer): void {
    const { writer, elementCursor } = this
    elementCursor.reset(stored, rowOffset(stored))
    for (const part of layout) {
      if (part.kind === 'text') writer.appendAll(part.bytes)
      else {
        elementCursor.next()
        writer.append(stored, elementCursor.start, elementCursor.end)
      }
    }
  }

  private renderSide(aggregates: GroupAggregates): Buffer | undefined {
    const entries = this.plan.aggregates
      .filter(aggregate => aggregate.function === 'countBy')
      .map(aggregate => `${JSON.stringify(aggregate.path)}:${countByEntries(aggregate, aggregates)}`)
    return entries.length === 0 ? undefined : Buffer.from(`{${entries.join(',')}}`)
  }
}

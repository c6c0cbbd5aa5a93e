import { ByteWriter } from './byte-writer.ts'
import { failure } from './failure.ts'
import { aggregateText, countByEntries, GroupAggregates } from './group-aggregates.ts'
import type { LayoutPart } from './layout.ts'
import type { DocumentSlot, EdgePlan, GroupPlan } from './plan.ts'
import type { ReferencePlan } from './plan-references.ts'
import { RowCursor, valuesAt } from './projected-row.ts'
import { referredRow, type RowAt } from './references.ts'
import type { StateStore } from './state-store.ts'
import { AGGREGATES_SECTION, documentPrefix, FIRST_EDGE_SECTION, ROOT_SECTION } from './store-keys.ts'
import { ShownRows } from './shown-rows.ts'
import { failureOf, isLive, rowOffset } from './stored-row.ts'

export type Assembled =
  /** `side`: index-only fields, undefined when the view has none (06 E7). */
  | { readonly kind: 'document'; readonly source: Buffer; readonly side: Buffer | undefined }
  /** There is no root row. */
  | { readonly kind: 'absent' }
  /** The declared policy refuses it (05 A18). */
  | { readonly kind: 'overflow'; readonly list: string; readonly limit: number; readonly rows: number }
  /** It is too large, or one of its children is. `error`: a code and why. */
  | { readonly kind: 'failed'; readonly error: string }

/** Code and reason of what is no document. */
export const failureText = (failed: Extract<Assembled, { kind: 'overflow' | 'failed' }>): string =>
  failed.kind === 'failed'
    ? failed.error
    : failure(
        'aggregate.overflow',
        `list ${failed.list} has ${failed.rows} rows, its limit is ${failed.limit}`,
      )

const OPEN = 0x5b
const CLOSE = 0x5d
const COMMA = 0x2c
const NULL = Buffer.from('null')

/** The row that a reference leads to, with its values when single ones of them are shown. */
interface Referred {
  readonly row: RowAt | undefined
  readonly values: readonly string[]
}

const NO_REFERENCES: readonly Referred[] = []

/** Makes documents of what a group stage has stored: concatenates texts, parses none. */
export class Assembler {
  private readonly plan: GroupPlan
  private readonly store: StateStore
  private readonly maxBytes: number
  private readonly writer = new ByteWriter()
  private readonly cursor = new RowCursor(Buffer.alloc(0))
  private readonly elementCursor = new RowCursor(Buffer.alloc(0))
  private readonly referredCursor = new RowCursor(Buffer.alloc(0))

  constructor(plan: GroupPlan, store: StateStore, maxBytes = Infinity) {
    this.plan = plan
    this.store = store
    this.maxBytes = maxBytes
  }

  assemble(documentKey: string): Assembled {
    const prefix = documentPrefix(this.plan.stage, documentKey)
    const children = this.plan.edges.map(edge => new ShownRows(edge))
    let failure: string | undefined
    let root: Buffer | undefined
    let aggregates: Buffer | undefined
    for (const { key, value } of this.store.range(prefix)) {
      const section = key[prefix.length]!
      if (section === ROOT_SECTION) root = value
      else if (section === AGGREGATES_SECTION) aggregates = value
      else if (isLive(value)) children[section - FIRST_EDGE_SECTION]!.push(value)
      else failure ??= failureOf(value)
      // the root row comes first: without it nothing else is read
      if (root === undefined || !isLive(root)) return { kind: 'absent' }
    }
    if (root === undefined) return { kind: 'absent' }
    if (failure !== undefined) return { kind: 'failed', error: failure }
    return this.overflow(children) ?? this.render(root, new GroupAggregates(this.plan, aggregates), children)
  }

  private overflow(children: readonly ShownRows[]): Assembled | undefined {
    for (const [index, { name, limit, overflow }] of this.plan.edges.entries()) {
      const rows = children[index]!.count
      if (overflow === 'fail' && limit !== undefined && rows > limit)
        return { kind: 'overflow', list: name, limit, rows }
    }
    return undefined
  }

  private render(root: Buffer, aggregates: GroupAggregates, children: readonly ShownRows[]): Assembled {
    const { writer, cursor, plan } = this
    writer.reset()
    const from = rowOffset(root)
    const referred = this.refer(plan.references, { bytes: root, from })
    cursor.reset(root, from)
    for (const part of plan.layout) {
      if (part.kind !== 'slot') this.renderPart(part, root, cursor)
      else if (part.slot.kind === 'aggregate')
        writer.appendText(aggregateText(part.slot.aggregate, aggregates))
      else if (part.slot.kind === 'list')
        this.renderList(plan.edges[part.slot.edge]!, children[part.slot.edge]!.take())
      else this.renderReferred(part.slot, plan.references, referred)
    }
    const side = this.renderSide(aggregates)
    const bytes = writer.length + (side?.length ?? 0)
    if (bytes > this.maxBytes) return this.tooLarge(bytes)
    return { kind: 'document', source: writer.take(), side }
  }

  private renderPart(
    part: Exclude<LayoutPart<unknown>, { kind: 'slot' }>,
    row: Buffer,
    cursor: RowCursor,
  ): void {
    if (part.kind === 'text') this.writer.appendAll(part.bytes)
    else {
      cursor.next()
      this.writer.append(row, cursor.start, cursor.end)
    }
  }

  /** What is too large already is not written on: `bytes` is then at least so many. */
  private tooLarge(bytes: number): Assembled {
    const { parent } = this.plan
    const what = parent === undefined ? 'the document' : `an element of list ${parent.edge}`
    const words = `${what} has ${bytes} bytes or more, the limit is ${this.maxBytes}`
    return { kind: 'failed', error: failure('aggregate.too_large', words) }
  }

  private renderList(edge: EdgePlan, rows: readonly Buffer[]): void {
    const { writer } = this
    writer.appendByte(OPEN)
    for (let i = 0; i < rows.length && writer.length <= this.maxBytes; i++) {
      if (i > 0) writer.appendByte(COMMA)
      this.renderElement(edge, rows[i]!)
    }
    writer.appendByte(CLOSE)
  }

  private renderElement({ layout, references }: EdgePlan, stored: Buffer): void {
    const { elementCursor } = this
    const from = rowOffset(stored)
    const referred = this.refer(references, { bytes: stored, from })
    elementCursor.reset(stored, from)
    for (const part of layout) {
      if (part.kind === 'slot') this.renderReferred(part.slot, references, referred)
      else this.renderPart(part, stored, elementCursor)
    }
  }

  private refer(references: readonly ReferencePlan[], row: RowAt): readonly Referred[] {
    if (references.length === 0) return NO_REFERENCES
    return references.map(reference => {
      const found = referredRow(this.store, reference, row)
      const values = found === undefined ? [] : valuesAt(found.bytes, found.from, reference.shown)
      return { row: found, values }
    })
  }

  private renderReferred(
    slot: DocumentSlot,
    references: readonly ReferencePlan[],
    referred: readonly Referred[],
  ): void {
    if (slot.kind !== 'reference' && slot.kind !== 'field') return
    const { row, values } = referred[slot.reference]!
    if (row === undefined) this.writer.appendAll(NULL)
    else if (slot.kind === 'field') this.writer.appendText(values[slot.place]!)
    else {
      const { referredCursor } = this
      referredCursor.reset(row.bytes, row.from)
      for (const part of references[slot.reference]!.layout)
        if (part.kind !== 'slot') this.renderPart(part, row.bytes, referredCursor)
    }
  }

  private renderSide(aggregates: GroupAggregates): Buffer | undefined {
    const entries = this.plan.aggregates
      .filter(aggregate => aggregate.function === 'countBy')
      .map(aggregate => `${JSON.stringify(aggregate.path)}:${countByEntries(aggregate, aggregates)}`)
    return entries.length === 0 ? undefined : Buffer.from(`{${entries.join(',')}}`)
  }
}

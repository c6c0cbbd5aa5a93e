import { type Position } from '@headrace/wire'
import { decodeHop, encodeHop } from '../hop-codec.ts'
import { DimensionRows } from '../dimension-rows.ts'
import { type Applied, GroupStage } from '../group-stage.ts'
import { compilePlan, type GroupPlan, type RouterPlan, type ViewPlan } from '../plan.ts'
import type { RowChange } from '../row-change.ts'
import {
  applyRoute,
  applyRouteMarker,
  applyRouteTombstone,
  type RouteEntry,
  type RouteOutput,
  routeDocument,
} from '../router.ts'
import type { SweepPart, Swept } from '../sweep.ts'
import type { ViewDefinition } from '../view-definition.ts'
import { MapStore } from './map-store.ts'

export type Row = Readonly<Record<string, string | null>>

/** A record of a validated topic: a row, a delete, the tombstone that follows it, or a truncate or sweep marker. */
export interface SourceRecord {
  readonly dataset: string
  readonly key: string
  readonly position: Position
  readonly kind: 'row' | 'delete' | 'tombstone' | 'marker'
  /** JSON texts by column. */
  readonly row: Row
  readonly repair?: boolean
}

interface HopRecordInFlight {
  readonly parentKey: string
  readonly childKey: string
  readonly value: Buffer | null
}

const changeOf = (record: SourceRecord, names: readonly string[]): RowChange => ({
  key: record.key,
  position: record.position,
  commitTimeUs: 1n,
  repair: record.repair ?? false,
  deleted: record.kind === 'delete',
  values: names.map(name => record.row[name] ?? null),
})

/** One partition of a view in memory: routers, hop logs in between, group stages, dimensions. */
export class Simulation {
  readonly plan: ViewPlan
  readonly store = new MapStore()
  /** The stage that makes the view's documents. */
  readonly group: GroupStage
  readonly stages = new Map<GroupPlan, GroupStage>()
  readonly dimensions: readonly DimensionRows[]
  /** By number of the edge. */
  readonly routes: Map<string, RouteEntry>[] = []
  readonly hops: HopRecordInFlight[][] = []
  /** All edges, by number. */
  readonly edges: RouterPlan[] = []
  /** Documents that were changed and not taken since, by stage. */
  private readonly dirty = new Map<number, Set<string>>()

  constructor(definition: ViewDefinition) {
    this.plan = compilePlan(definition)
    for (const plan of this.plan.groups) {
      this.stages.set(plan, new GroupStage(plan, this.store))
      this.dirty.set(plan.stage, new Set())
      if (plan.parent !== undefined) this.edges[plan.parent.number] = plan.parent
    }
    for (const router of this.plan.routers) this.edges[router.number] = router
    for (const { number } of this.edges) {
      this.routes[number] = new Map()
      this.hops[number] = []
    }
    this.group = this.stages.get(this.plan.root)!
    this.dimensions = this.plan.dimensions.map(plan => new DimensionRows(plan, this.store))
  }

  /** The router of one edge reads a record of its child dataset. */
  route(edge: number, record: SourceRecord): RouteOutput | undefined {
    const router = this.edges[edge]!
    const index = this.routes[edge]!
    if (record.kind === 'marker') {
      for (const [childKey, entry] of index)
        this.send(edge, childKey, applyRouteMarker(record.position, childKey, entry))
      return undefined
    }
    const output =
      record.kind === 'tombstone'
        ? applyRouteTombstone(index, record.key)
        : applyRoute(router, index, changeOf(record, router.names))
    this.send(edge, record.key, output)
    return output
  }

  private send(edge: number, childKey: string, output: RouteOutput | undefined): void {
    if (output === undefined) return
    this.routes[edge]!.set(childKey, output.entry)
    this.hops[edge]!.push(...output.hops)
  }

  /** A group stage reads a record of its own dataset; the view's, unless another is named. */
  root(record: SourceRecord, plan: GroupPlan = this.plan.root): string {
    const stage = this.stages.get(plan)!
    if (record.kind === 'marker') {
      this.sweep(record.position, stage, removed => this.mark(plan.stage, 'removed', removed))
      return 'removed'
    }
    const applied =
      record.kind === 'tombstone'
        ? stage.applyRootTombstone(record.key)
        : stage.applyRoot(changeOf(record, plan.names))
    stage.flush()
    this.mark(plan.stage, applied, [record.key])
    return applied
  }

  /** A dimension reads a record of its dataset; everything that refers to the row is dirty when it changed. */
  dimension(number: number, record: SourceRecord): Applied {
    const rows = this.dimensions[number]!
    if (record.kind === 'marker') {
      const whole = { sweep: (part: SweepPart) => rows.sweep(part, () => true) }
      this.sweep(record.position, whole, removed => removed.forEach(key => this.fanOut(rows, key)))
      return 'changed'
    }
    const applied =
      record.kind === 'tombstone'
        ? rows.applyTombstone(record.key)
        : rows.apply(changeOf(record, rows.plan.names))
    if (applied === 'changed') this.fanOut(rows, record.key)
    return applied
  }

  /** A marker, in small parts. */
  private sweep(
    position: Position,
    rows: { sweep(part: SweepPart): Swept },
    tell: (removed: readonly string[]) => void,
  ): void {
    for (let after: Buffer | undefined, more = true; more;) {
      const { removed, next } = rows.sweep({ position, after, limit: 2 })
      tell(removed)
      after = next
      more = next !== undefined
    }
  }

  private fanOut(rows: DimensionRows, key: string): void {
    for (let after: Buffer | undefined, more = true; more;) {
      const { documents, next } = rows.referrers(key, after, 2)
      this.mark(rows.plan.stage, 'changed', [...documents])
      after = next
      more = next !== undefined
    }
  }

  /** The group stage takes the next record of an edge's hop log; undefined when there is none. */
  hop(edge: number): string | undefined {
    const next = this.hops[edge]!.shift()
    return next === undefined ? undefined : this.applyHop(edge, next)
  }

  private applyHop(edge: number, { parentKey, childKey, value }: HopRecordInFlight): string {
    const { stage: number, edgeIndex } = this.edges[edge]!
    const stage = this.stages.get(this.plan.groups.find(group => group.stage === number)!)!
    const decoded = value === null ? undefined : decodeHop(value)
    if (decoded !== undefined && 'marker' in decoded) throw new Error('no marker was expected')
    const applied =
      decoded === undefined
        ? stage.applyChildTombstone(edgeIndex, parentKey, childKey)
        : stage.applyChild(edgeIndex, parentKey, childKey, decoded)
    stage.flush()
    this.mark(number, applied, [parentKey])
    return applied
  }

  /** A stage below the view's sends its dirty documents to their parents; false when there were none. */
  emitBelow(plan: GroupPlan): boolean {
    const dirty = this.dirty.get(plan.stage)!
    const { parent } = plan
    if (parent === undefined || dirty.size === 0) return false
    for (const key of dirty) {
      const made = this.stages.get(plan)!.subDocument(key)
      const position = { epoch: 0, commitLsn: 0n, ordinal: 0 }
      const value =
        made.parentKey === null ? null : encodeHop({ ...made, position, commitTimeUs: 0n, repair: false })
      this.send(parent.number, key, routeDocument(this.routes[parent.number]!, key, made.parentKey, value))
    }
    dirty.clear()
    return true
  }

  drain(): void {
    for (let moved = true; moved;) {
      moved = false
      for (let edge = 0; edge < this.hops.length; edge++) while (this.hop(edge) !== undefined) moved = true
      for (const plan of this.plan.groups) if (this.emitBelow(plan)) moved = true
    }
  }

  /** Feeds a record to whoever reads its dataset, and lets everything through. */
  feed(record: SourceRecord): void {
    for (const { dataset, number } of this.plan.routers)
      if (dataset === record.dataset) this.route(number, record)
    for (const plan of this.plan.groups) if (plan.dataset === record.dataset) this.root(record, plan)
    for (const { dataset, number } of this.plan.dimensions)
      if (dataset === record.dataset) this.dimension(number, record)
    this.drain()
  }

  takeDirty(): string[] {
    const dirty = this.dirty.get(this.plan.root.stage)!
    const keys = [...dirty]
    dirty.clear()
    return keys
  }

  /** The parsed document, undefined when there is none. */
  document(key: string): unknown {
    const assembled = this.group.assemble(key)
    return assembled.kind === 'document' ? JSON.parse(assembled.source.toString()) : undefined
  }

  side(key: string): unknown {
    const assembled = this.group.assemble(key)
    return assembled.kind === 'document' && assembled.side !== undefined
      ? JSON.parse(assembled.side.toString())
      : undefined
  }

  private mark(stage: number, applied: Applied, keys: readonly string[]): void {
    if (applied !== 'changed' && applied !== 'removed') return
    for (const key of keys) this.dirty.get(stage)!.add(key)
  }
}

let lsn = 0n

/** A position after all that were given out before. */
export const nextPosition = (): Position => ({ epoch: 1, commitLsn: ++lsn, ordinal: 0 })

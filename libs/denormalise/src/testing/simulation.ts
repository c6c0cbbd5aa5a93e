import type { Position } from '@headrace/wire'
import { decodeHop } from '../hop-codec.ts'
import { GroupStage } from '../group-stage.ts'
import { compilePlan, type ViewPlan } from '../plan.ts'
import type { RowChange } from '../row-change.ts'
import { applyRoute, applyRouteTombstone, type RouteEntry, type RouteOutput } from '../router.ts'
import type { ViewDefinition } from '../view-definition.ts'
import { MapStore } from './map-store.ts'

export type Row = Readonly<Record<string, string | null>>

/** A record of a validated topic: a row, a delete, or the tombstone that follows it. */
export interface SourceRecord {
  readonly dataset: string
  readonly key: string
  readonly position: Position
  readonly kind: 'row' | 'delete' | 'tombstone'
  /** JSON texts by column. */
  readonly row: Row
  readonly repair?: boolean
}

interface HopRecordInFlight {
  readonly edge: number
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

/** One partition of a view in memory: routers, hop logs in between, group stage. */
export class Simulation {
  readonly plan: ViewPlan
  readonly store = new MapStore()
  readonly group: GroupStage
  readonly routes: Map<string, RouteEntry>[]
  readonly hops: HopRecordInFlight[][]
  /** Documents that were changed since `takeDirty`. */
  private dirty = new Set<string>()

  constructor(definition: ViewDefinition) {
    this.plan = compilePlan(definition)
    this.group = new GroupStage(this.plan.groups[0]!, this.store)
    this.routes = this.plan.routers.map(() => new Map())
    this.hops = this.plan.routers.map(() => [])
  }

  /** The router of one edge reads a record of its child dataset. */
  route(edge: number, record: SourceRecord): RouteOutput | undefined {
    const router = this.plan.routers[edge]!
    const index = this.routes[edge]!
    const output =
      record.kind === 'tombstone'
        ? applyRouteTombstone(index, record.key)
        : applyRoute(router, index, changeOf(record, router.names))
    if (output === undefined) return undefined
    index.set(record.key, output.entry)
    for (const hop of output.hops) this.hops[edge]!.push({ edge, ...hop })
    return output
  }

  /** The group stage reads a record of the root's dataset. */
  root(record: SourceRecord): string {
    const group = this.plan.groups[0]!
    const applied =
      record.kind === 'tombstone'
        ? this.group.applyRootTombstone(record.key)
        : this.group.applyRoot(changeOf(record, group.names))
    this.group.flush()
    if (applied === 'changed' || applied === 'removed') this.dirty.add(record.key)
    return applied
  }

  /** The group stage takes the next record of an edge's hop log; undefined when there is none. */
  hop(edge: number): string | undefined {
    const next = this.hops[edge]!.shift()
    return next === undefined ? undefined : this.applyHop(next)
  }

  applyHop({ edge, parentKey, childKey, value }: HopRecordInFlight): string {
    const decoded = value === null ? undefined : decodeHop(value)
    if (decoded !== undefined && 'marker' in decoded) throw new Error('no marker was expected')
    const applied =
      decoded === undefined
        ? this.group.applyChildTombstone(edge, parentKey, childKey)
        : this.group.applyChild(edge, parentKey, childKey, decoded)
    this.group.flush()
    if (applied === 'changed') this.dirty.add(parentKey)
    return applied
  }

  drain(): void {
    for (let edge = 0; edge < this.hops.length; edge++) while (this.hop(edge) !== undefined);
  }

  /** Feeds a record to whoever reads its dataset, and lets everything through. */
  feed(record: SourceRecord): void {
    this.plan.routers.forEach((router, edge) => {
      if (router.dataset === record.dataset) this.route(edge, record)
    })
    if (this.plan.groups[0]!.dataset === record.dataset) this.root(record)
    this.drain()
  }

  takeDirty(): string[] {
    const keys = [...this.dirty]
    this.dirty = new Set()
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
}

let lsn = 0n

/** A position after all that were given out before. */
export const nextPosition = (): Position => ({ epoch: 1, commitLsn: ++lsn, ordinal: 0 })

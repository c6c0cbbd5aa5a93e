import { applyRoute, applyRouteMarker, applyRouteTombstone } from '@headrace/denormalise'
import { unreachable } from '@headrace/errors'
import type { IncomingRecord, OutgoingRecord } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import { type Marker, MarkerKind, type Position } from '@headrace/wire'
import { EdgeWriter } from './edge-writer.ts'
import type { EmissionBudget } from './emission-budget.ts'
import { readValidated } from './read-validated.ts'
import { higher } from './sweeps.ts'
import type { RouterInput } from './view-inputs.ts'

/** The router of one edge and partition (05 A2): records of the child dataset in, hop and index records out. */
export class RouterTask {
  readonly input: RouterInput
  readonly edge: EdgeWriter
  private swept: { readonly position: Position; after: string | undefined } | undefined

  constructor(input: RouterInput, store: Store, partition: number, partitions: number) {
    this.input = input
    this.edge = new EdgeWriter(input, store, partition, partitions)
  }

  /** Appends what one record gives to `into`. */
  take(record: IncomingRecord, topic: string, into: OutgoingRecord[]): void {
    const read = readValidated(this.input, record, topic)
    switch (read.kind) {
      case 'change':
        return this.edge.put(read.change.key, applyRoute(this.input.plan, this.edge.index, read.change), into)
      case 'tombstone':
        return this.edge.put(read.key, applyRouteTombstone(this.edge.index, read.key), into)
      case 'marker':
        return this.takeMarker(read.marker, into)
      case 'none':
        return
      default:
        return unreachable(read)
    }
  }

  /** Of the marker whose children are being removed. */
  get sweeping(): Position | undefined {
    return this.swept?.position
  }

  /** Goes on where a predecessor has left off: what it removed is removed. */
  sweepFrom(position: Position): void {
    this.swept = { position: higher(this.swept?.position, position), after: undefined }
  }

  /**
   * Looks at up to `limit` children for those that a marker removes. Records behind the marker are routed meanwhile: their
   * positions tell that they are newer.
   */
  sweep(limit: number, into: OutgoingRecord[], budget: EmissionBudget): void {
    if (this.swept === undefined) return
    const { position } = this.swept
    let seen = 0
    for (const { childKey, entry } of this.edge.index.entries(this.swept.after, limit)) {
      if (budget.isSpent) return
      const first = into.length
      this.edge.put(childKey, applyRouteMarker(position, childKey, entry), into)
      for (const { key, value } of into.slice(first)) budget.took((key?.length ?? 0) + (value?.length ?? 0))
      this.swept.after = childKey
      seen++
    }
    if (seen < limit) this.swept = undefined
  }

  private takeMarker({ kind, position }: Marker, into: OutgoingRecord[]): void {
    if ((kind !== MarkerKind.TRUNCATE && kind !== MarkerKind.SWEEP) || position === undefined) return
    // not in the store yet
    for (const { childKey, entry } of this.edge.index.changes())
      this.edge.put(childKey, applyRouteMarker(position, childKey, entry), into)
    this.sweepFrom(position)
  }
}

import { applyRoute, applyRouteMarker, applyRouteTombstone } from '@headrace/denormalise'
import { unreachable } from '@headrace/errors'
import type { IncomingRecord, OutgoingRecord } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import { type Marker, MarkerKind } from '@headrace/wire'
import { EdgeWriter } from './edge-writer.ts'
import { readValidated } from './read-validated.ts'
import type { RouterInput } from './view-inputs.ts'

/** The router of one edge and partition (05 A2): records of the child dataset in, hop and index records out. */
export class RouterTask {
  readonly input: RouterInput
  readonly edge: EdgeWriter

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

  private takeMarker({ kind, position }: Marker, into: OutgoingRecord[]): void {
    if ((kind !== MarkerKind.TRUNCATE && kind !== MarkerKind.SWEEP) || position === undefined) return
    for (const { childKey, entry } of this.edge.index.entries()) {
      this.edge.put(childKey, applyRouteMarker(position, childKey, entry), into)
    }
  }
}

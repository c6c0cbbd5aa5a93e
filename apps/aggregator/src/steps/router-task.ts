import { applyRoute, applyRouteMarker, applyRouteTombstone, type RouteOutput } from '@headrace/denormalise'
import { unreachable } from '@headrace/errors'
import type { IncomingRecord, OutgoingRecord } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import { hopKey, type Marker, MarkerKind, partitionOf } from '@headrace/wire'
import { readValidated } from './read-validated.ts'
import { StoredRouteIndex } from './route-index.ts'
import type { RouterInput } from './view-inputs.ts'

/** The router of one edge and partition (05 A2): records of the child dataset in, hop and index records out. */
export class RouterTask {
  readonly input: RouterInput
  readonly index: StoredRouteIndex
  private readonly partition: number
  private readonly partitions: number

  constructor(input: RouterInput, store: Store, partition: number, partitions: number) {
    this.input = input
    this.index = new StoredRouteIndex(store, input.plan.edgeIndex)
    this.partition = partition
    this.partitions = partitions
  }

  /** Appends what one record gives to `into`. */
  take(record: IncomingRecord, topic: string, into: OutgoingRecord[]): void {
    const read = readValidated(this.input, record, topic)
    switch (read.kind) {
      case 'change':
        return this.put(read.change.key, applyRoute(this.input.plan, this.index, read.change), into)
      case 'tombstone':
        return this.put(read.key, applyRouteTombstone(this.index, read.key), into)
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
    for (const { childKey, entry } of this.index.entries()) {
      this.put(childKey, applyRouteMarker(position, childKey, entry), into)
    }
  }

  private put(childKey: string, output: RouteOutput | undefined, into: OutgoingRecord[]): void {
    if (output === undefined) return
    const { hopTopic, indexTopic } = this.input
    for (const { parentKey, value } of output.hops) {
      into.push({
        topic: hopTopic,
        partition: partitionOf(parentKey, this.partitions),
        key: Buffer.from(hopKey(parentKey, childKey)),
        value,
      })
    }
    into.push({
      topic: indexTopic,
      partition: this.partition,
      key: Buffer.from(childKey),
      value: this.index.set(childKey, output.entry),
    })
  }
}

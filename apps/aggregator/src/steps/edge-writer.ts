import { decodeHop, encodeHop, failure, type RouteOutput } from '@headrace/denormalise'
import type { OutgoingRecord } from '@headrace/kafka'
import type { Store } from '@headrace/store'
import { hopKey, partitionOf } from '@headrace/wire'
import { StoredRouteIndex } from './route-index.ts'
import type { EdgeInput } from './view-inputs.ts'

/** The hop and index records of one edge and partition, and the local index that follows them (05 A2, A14). */
export class EdgeWriter {
  readonly input: EdgeInput
  readonly index: StoredRouteIndex
  private readonly partition: number
  private readonly partitions: number

  constructor(input: EdgeInput, store: Store, partition: number, partitions: number) {
    this.input = input
    this.index = new StoredRouteIndex(store, input.plan.number)
    this.partition = partition
    this.partitions = partitions
  }

  /** Appends the records of one child. */
  put(childKey: string, output: RouteOutput | undefined, into: OutgoingRecord[]): void {
    if (output === undefined) return
    const { hopTopic, indexTopic } = this.input
    for (const { parentKey, value: made } of output.hops) {
      const value = made === null ? null : this.carried(made)
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

  /**
   * A row that is larger than its document may be goes without its values: the document says so (05 A18a). Only the row's own
   * bytes count: the same row gets the same answer from a record with and without position and time.
   */
  private carried(value: Buffer): Buffer {
    const { maxBytes, plan } = this.input
    const hop = value.length <= maxBytes ? undefined : decodeHop(value)
    if (hop === undefined || 'marker' in hop || hop.row.length <= maxBytes) return value
    const words = `a row of list ${plan.edge} has ${hop.row.length} bytes or more, the limit is ${maxBytes}`
    return encodeHop({ ...hop, row: Buffer.alloc(0), error: failure('aggregate.too_large', words) })
  }
}

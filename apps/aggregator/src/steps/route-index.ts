import {
  metaKey,
  parseRouteKey,
  rangeAfter,
  type RouteEntry,
  type RouteIndex,
  routeKey,
  routePrefix,
} from '@headrace/denormalise'
import type { Store } from '@headrace/store'
import { RouteRecord } from '@headrace/wire'

const OFFSET_BYTES = 8

/** Value of the index topic for an entry; the local index keeps the same bytes. */
export const encodeRoute = ({ position, parentKey, deleted }: RouteEntry): Buffer =>
  Buffer.from(
    RouteRecord.encode({
      record: { $case: 'route', value: { position, deleted, ...(parentKey === null ? {} : { parentKey }) } },
    }).finish(),
  )

const decodeRoute = (bytes: Buffer): RouteEntry => {
  const { record } = RouteRecord.decode(bytes)
  if (record?.$case !== 'route') return { position: NOWHERE, parentKey: null, deleted: true }
  const { position, parentKey, deleted } = record.value
  return { position: position ?? NOWHERE, parentKey: parentKey ?? null, deleted }
}

const NOWHERE = { epoch: 0, commitLsn: 0n, ordinal: 0 }

export interface Indexed {
  readonly childKey: string
  readonly entry: RouteEntry
}

/**
 * A router's index of one partition: what is stored, under what this turn has changed. The changes go to the store only
 * after the Kafka transaction that holds them (05 A14); until then nobody else sees them.
 */
export class StoredRouteIndex implements RouteIndex {
  private readonly store: Store
  private readonly edge: number
  private readonly changed = new Map<string, { readonly entry: RouteEntry; readonly bytes: Buffer }>()

  constructor(store: Store, edge: number) {
    this.store = store
    this.edge = edge
  }

  get(childKey: string): RouteEntry | undefined {
    const changed = this.changed.get(childKey)
    if (changed !== undefined) return changed.entry
    const stored = this.store.get(routeKey(this.edge, childKey))
    return stored === undefined ? undefined : decodeRoute(stored)
  }

  /** Returns the bytes for the index topic. */
  set(childKey: string, entry: RouteEntry): Buffer {
    const bytes = encodeRoute(entry)
    this.changed.set(childKey, { entry, bytes })
    return bytes
  }

  get hasChanges(): boolean {
    return this.changed.size > 0
  }

  /** Inside a store transaction, after the Kafka transaction. */
  flush(): void {
    for (const [childKey, { bytes }] of this.changed) this.store.put(routeKey(this.edge, childKey), bytes)
    this.changed.clear()
  }

  /** What this turn has changed. */
  changes(): readonly Indexed[] {
    return [...this.changed].map(([childKey, { entry }]) => ({ childKey, entry }))
  }

  /** Up to `limit` entries of the store after a child, each as this turn has left it. */
  *entries(after: string | undefined, limit: number): Iterable<Indexed> {
    const from = after === undefined ? undefined : routeKey(this.edge, after)
    for (const { key, value } of this.store.range(routePrefix(this.edge), rangeAfter(from, limit))) {
      const childKey = parseRouteKey(key)
      yield { childKey, entry: this.changed.get(childKey)?.entry ?? decodeRoute(value) }
    }
  }

  /** Inside a store transaction: an entry as it stands in the index topic. */
  restore(childKey: string, bytes: Buffer): void {
    this.store.put(routeKey(this.edge, childKey), bytes)
  }

  /** Everything of the index topic below it is in the store. */
  get restoredTo(): bigint {
    return readOffset(this.store, `index:${this.edge}`)
  }

  setRestoredTo(offset: bigint): void {
    writeOffset(this.store, `index:${this.edge}`, offset)
  }
}

/** An offset that is kept beside the state it belongs to; 0 when there is none. */
export const readOffset = (store: Store, name: string): bigint =>
  store.get(metaKey(name))?.readBigUInt64BE() ?? 0n

/** Inside a store transaction. */
export const writeOffset = (store: Store, name: string, offset: bigint): void => {
  const bytes = Buffer.alloc(OFFSET_BYTES)
  bytes.writeBigUInt64BE(offset)
  store.put(metaKey(name), bytes)
}

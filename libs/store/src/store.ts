/** One entry of a range. Both are the caller's: they stay valid after the next call. */
export interface StoreEntry {
  readonly key: Buffer
  readonly value: Buffer
}

export interface RangeOptions {
  /** Only entries whose key is higher than this one; it must begin with the prefix. */
  readonly after?: Buffer
  /** At most so many. */
  readonly limit?: number
}

/** Longest key in bytes that every implementation takes. */
export const MAX_STORE_KEY_BYTES = 1978

/**
 * An ordered map of bytes that one process owns. Keys are compared as bytes. Calls are synchronous: a stage reads,
 * decides and writes thousands of small entries per turn, and a promise for each would cost more than the work.
 */
export interface Store {
  get(key: Buffer): Buffer | undefined
  /** Only inside `transaction`. */
  put(key: Buffer, value: Buffer): void
  /** Only inside `transaction`; an absent key is no error. */
  remove(key: Buffer): void
  /** Entries whose key begins with `prefix`, in key order. Nothing may be written while it is iterated. */
  range(prefix: Buffer, options?: RangeOptions): Iterable<StoreEntry>
  /** All writes of `work` or none: when it throws, nothing of it stays. Reads inside see its writes. Not nested. */
  transaction<T>(work: () => T): T
  /** Removes every entry. */
  wipe(): void
  /** Size on disk, or an estimate of the memory used. */
  bytes(): number
  /** A clean stop: what was committed survives a power loss from here on. */
  close(): Promise<void>
}

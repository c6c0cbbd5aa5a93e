/**
 * What a stage needs of its store: an ordered map of bytes (libs/store fits). Writes happen inside a transaction that the
 * caller holds, so that rows, aggregates and applied offsets stand or fall together (05 A13).
 */
export interface StateStore {
  get(key: Buffer): Buffer | undefined
  put(key: Buffer, value: Buffer): void
  remove(key: Buffer): void
  /** Entries whose key begins with `prefix` in byte order. Nothing is written while it is iterated. */
  range(
    prefix: Buffer,
    options?: { readonly after?: Buffer; readonly limit?: number },
  ): Iterable<{ readonly key: Buffer; readonly value: Buffer }>
}

/** Up to `limit` entries, from the beginning when `after` is undefined. */
export const rangeAfter = (
  after: Buffer | undefined,
  limit: number,
): { readonly after?: Buffer; readonly limit: number } => (after === undefined ? { limit } : { after, limit })

/** Compacted topics keep tombstones for so long (delete.retention.ms): whoever was away longer makes anew what it kept (design 02 §2.5). */
export const TOMBSTONES_KEPT_MS = 7 * 86_400_000

/** What is gone on with must be younger: clocks differ, and what is waiting has to be read. */
export const LONGEST_AWAY_MS = 6 * 86_400_000

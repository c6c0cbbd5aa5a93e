import type { Recovery } from './catalogue-entry.ts'
import { catalogue } from './catalogue.ts'
import { codeOf } from './headrace-error.ts'

/**
 * What to do about a thrown thing. Pure: the one place where it is decided.
 * Whatever is not ours is unknown, and unknown errors are never retried in place: the process ends and replays.
 */
export const retryPolicy = (error: unknown): Recovery => catalogue[codeOf(error)].recovery

export interface BackoffOptions {
  /** First delay in ms. */
  readonly first?: number
  /** Longest delay in ms. */
  readonly cap?: number
}

/**
 * Delay before try `attempt` (0 = first repetition), in ms: exponential, capped, with full jitter of the upper half.
 * `random` is in [0, 1).
 */
export const backoffDelay = (
  attempt: number,
  random: number,
  { first = 100, cap = 15_000 }: BackoffOptions = {},
): number => {
  const full = Math.min(cap, first * 2 ** Math.min(attempt, 30))
  return Math.round(full / 2 + (full / 2) * random)
}

import { backoffDelay, catalogue, type ErrorCode } from '@headrace/errors'

/** How a process ended. */
export interface Ending {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  /** Error code of its last words. */
  readonly code: string | undefined
}

const STOP_EXITS: ReadonlySet<number> = new Set([64, 65, 66, 69, 77, 78])

const known = (code: string | undefined): code is ErrorCode => code !== undefined && code in catalogue

/** The error it ended with, when its exit status says so too. */
export const endedBy = ({ status, code }: Ending): ErrorCode | undefined =>
  known(code) && catalogue[code].exit === status ? code : undefined

/**
 * Whether starting it again can help. The error's code decides; where the log has none, the exit status does.
 * A signal (kill -9, out of memory) is always followed by a restart.
 */
export const isFinal = (ending: Ending): boolean => {
  const { status, signal } = ending
  if (signal !== null || status === null) return false
  const code = endedBy(ending)
  return code === undefined ? STOP_EXITS.has(status) : catalogue[code].recovery === 'stop'
}

/** A service that ended so often by itself without ever having been ready is not started again. */
export const MOST_FAILED_STARTS = 6

/** After this time without an end a service counts as healthy, and the back-off begins anew. */
export const HEALTHY_MS = 60_000

/** Ms to wait before start number `restarts` (0 = first repetition). */
export const restartDelay = (restarts: number, random: number): number =>
  backoffDelay(restarts, random, { first: 200, cap: 15_000 })

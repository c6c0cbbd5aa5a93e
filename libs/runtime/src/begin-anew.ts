import { setTimeout as sleep } from 'node:timers/promises'
import { backoffDelay, codeOf, type ErrorCode, HeadraceError } from '@headrace/errors'
import type { Health } from './health.ts'

export interface Spells {
  /** Codes after which nothing is lost and nothing is wrong with the data: wait, and begin anew. Every other error is thrown. */
  readonly passing: readonly ErrorCode[]
  /** One spell of work, from what is committed until the signal fires. `progressed`: the back-off begins anew. */
  run(progressed: () => void): Promise<void>
  /** A spell ended by a passing error; the next begins in `retryInMs`. */
  lost(code: ErrorCode, words: string, retryInMs: number): void
  readonly health: Pick<Health, 'notReady' | 'turned'>
}

/**
 * Works in spells until the signal fires: an infrastructure error pauses and backs off (design 02 §2.5). Not ready meanwhile, but
 * alive: a restart would mend nothing.
 */
export const beginAnew = async (
  { passing, run, lost, health }: Spells,
  signal: AbortSignal,
): Promise<void> => {
  for (let failures = 0; !signal.aborted;) {
    try {
      await run(() => (failures = 0))
    } catch (error) {
      if (signal.aborted) return
      const code = codeOf(error)
      if (!passing.includes(code)) throw error
      const retryInMs = backoffDelay(failures++, Math.random())
      lost(code, error instanceof HeadraceError ? error.message : '', retryInMs)
      health.notReady('beginning anew')
      health.turned()
      await sleep(retryInMs, undefined, { signal }).catch(() => undefined)
    }
  }
}

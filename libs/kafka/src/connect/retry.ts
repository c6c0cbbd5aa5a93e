import { backoffDelay } from '@headrace/errors'
import { setTimeout as delay } from 'node:timers/promises'
import { isTransient } from '../faults.ts'

export interface RetryOptions {
  /** Given up after this time in ms; the last error is thrown. */
  readonly withinMs: number
  /** First delay in ms, default 20. */
  readonly first?: number
  /** Longest delay in ms, default 1,000. */
  readonly cap?: number
  readonly signal?: AbortSignal
  /** Default: what a broker calls temporary and all connection faults. */
  readonly retriable?: (error: unknown) => boolean
  readonly onRetry?: (error: unknown) => void
}

/** Repeats an attempt that may safely be repeated. */
export const retry = async <T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> => {
  const { withinMs, first = 20, cap = 1000, signal, retriable = isTransient, onRetry } = options
  const deadline = Date.now() + withinMs
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      const wait = backoffDelay(tries, Math.random(), { first, cap })
      if (signal?.aborted === true || !retriable(error) || Date.now() + wait > deadline) throw error
      onRetry?.(error)
      await pause(wait, signal)
    }
  }
}

/** Ends early, without an error, when the signal fires. */
export const pause = async (ms: number, signal?: AbortSignal): Promise<void> => {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error
  })
}

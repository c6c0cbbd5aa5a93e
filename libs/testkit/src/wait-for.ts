import { setTimeout as delay } from 'node:timers/promises'

export interface WaitOptions {
  /** What is waited for, for the message: "the document of row 7". */
  readonly what: string
  /** Default 30 s: machines that run tests are busy. */
  readonly timeoutMs?: number
  /** Default 20 ms. */
  readonly everyMs?: number
}

type Falsy = undefined | null | false

/**
 * Waits until the condition gives something other than undefined, null or false, and returns that. A condition that throws
 * is asked again; its last error is the cause of the time-out.
 */
export const waitFor = async <T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<Awaited<T>, Falsy>> => {
  const timeoutMs = options.timeoutMs ?? 30_000
  const deadline = performance.now() + timeoutMs
  let cause: unknown
  for (;;) {
    try {
      const value = await condition()
      if (value !== undefined && value !== null && value !== false) return value as Exclude<Awaited<T>, Falsy>
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) {
      throw new Error(
        `waited ${timeoutMs} ms in vain for ${options.what}`,
        cause === undefined ? undefined : { cause },
      )
    }
    await delay(options.everyMs ?? 20)
  }
}

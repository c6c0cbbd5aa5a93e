import { setTimeout as delay } from 'node:timers/promises'

export interface WaitOptions {
  /** What is waited for, for the message: "the document of row 7". */
  readonly what: string
  /** Default 60 s: machines that run tests are busy. */
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
  const timeoutMs = options.timeoutMs ?? 60_000
  const deadline = performance.now() + timeoutMs
  let cause: unknown
  for (;;) {
    // looked at before the question: a machine that stood still all the time asks once more
    const isLast = performance.now() > deadline
    try {
      const value = await condition()
      if (value !== undefined && value !== null && value !== false) return value as Exclude<Awaited<T>, Falsy>
      cause = undefined
    } catch (error) {
      cause = error
    }
    if (isLast) {
      throw new Error(
        `waited ${timeoutMs} ms in vain for ${options.what}`,
        cause === undefined ? undefined : { cause },
      )
    }
    await delay(options.everyMs ?? 20)
  }
}

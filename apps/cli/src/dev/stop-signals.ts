/** Ctrl-C and its relatives for a command that runs until it is stopped. */
export interface StopSignals {
  readonly signal: AbortSignal
  /** Puts the process' own handling back. */
  release(): void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The first signal asks to stop, the second calls `endHard` and ends the process at once. */
export const stopSignals = (endHard: () => void, withStdin: boolean): StopSignals => {
  const stop = new AbortController()
  const onSignal = (): void => {
    if (stop.signal.aborted) {
      endHard()
      process.exit(130)
    }
    stop.abort()
  }
  const onEnd = (): void => stop.abort()
  for (const signal of SIGNALS) process.on(signal, onSignal)
  if (withStdin) process.stdin.once('end', onEnd).once('error', onEnd).resume()
  return {
    signal: stop.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, onSignal)
      if (withStdin) process.stdin.pause()
    },
  }
}

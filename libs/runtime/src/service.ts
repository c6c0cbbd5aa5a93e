import { codeOf, HeadraceError } from '@headrace/errors'
import { ComponentScope } from './component.ts'

/** Where a service says what happens to itself; fits libs/telemetry's logger. */
export interface ServiceLog {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface ServiceOptions {
  readonly name: string
  readonly log: ServiceLog
  /** Ms from the stop signal to the hard end; must be shorter than the pod's grace period (07 O3). */
  readonly stopDeadlineMs?: number
  /**
   * Starts everything in `scope` and works until `signal` fires (then drains and returns) or something fails for good
   * (then throws). What was started in the scope is stopped afterwards, in reverse order.
   */
  run(scope: ComponentScope, signal: AbortSignal): Promise<void>
}

const EXIT_DEADLINE = 75

const describe = (error: unknown): string =>
  error instanceof HeadraceError
    ? error.describe()
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error)

/** Stops after `ms` whatever still hangs; does not keep the process alive by itself. */
const armDeadline = (ms: number, log: ServiceLog): void => {
  setTimeout(() => {
    log.error({ deadlineMs: ms }, 'still not stopped at the deadline: ending hard, the successor replays')
    process.exit(EXIT_DEADLINE)
  }, ms).unref()
}

/**
 * The shell of every service: signals, drain with a deadline, exit status. SIGTERM and SIGINT drain; a second one ends at once.
 * Ends the process: status 0 after a drain, the error's exit status otherwise (unknown errors end it too: it replays).
 */
export const runService = async ({
  name,
  log,
  stopDeadlineMs = 25_000,
  run,
}: ServiceOptions): Promise<never> => {
  const scope = new ComponentScope()
  const stop = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(EXIT_DEADLINE)
    log.info({ signal }, `${name}: draining`)
    armDeadline(stopDeadlineMs, log)
    stop.abort()
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  process.on('unhandledRejection', error => {
    log.error({ code: codeOf(error) }, describe(error))
    process.exit(70)
  })
  let status = 0
  try {
    await run(scope, stop.signal)
  } catch (error) {
    status = error instanceof HeadraceError ? error.entry.exit : 70
    log.error({ code: codeOf(error) }, describe(error))
    armDeadline(stopDeadlineMs, log)
  }
  await scope.stop().catch(error => log.error({ code: codeOf(error) }, describe(error)))
  log.info({ status }, `${name}: stopped`)
  process.exit(status)
}

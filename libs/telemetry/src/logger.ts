import { HeadraceError } from '@headrace/errors'
import { pino, type Logger as PinoLogger } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Marks values that must never be logged: payloads, keys of rows, statements with values. */
export const DO_NOT_LOG: unique symbol = Symbol('do not log')

type Fields = Readonly<Record<string, unknown>>

/** Structured log: facts as fields, one sentence as text. No payloads, no secrets. */
export interface Logger {
  debug(fields: Fields, message: string): void
  info(fields: Fields, message: string): void
  warn(fields: Fields, message: string): void
  error(fields: Fields, message: string): void
  child(fields: Fields): Logger
}

export interface LoggerOptions {
  readonly service: string
  readonly instance?: string
  readonly level?: LogLevel
  /** Where lines go; standard output by default. */
  readonly destination?: { write(line: string): void }
}

const refuseUnloggable = (fields: Fields): Fields => {
  for (const [name, value] of Object.entries(fields)) {
    if (Buffer.isBuffer(value) || (typeof value === 'object' && value !== null && DO_NOT_LOG in value)) {
      throw new HeadraceError('internal.bug', `the field "${name}" of a log line holds a payload or secret`)
    }
  }
  return fields
}

const wrap = (inner: PinoLogger): Logger => ({
  debug: (fields, message) => inner.debug(refuseUnloggable(fields), message),
  info: (fields, message) => inner.info(refuseUnloggable(fields), message),
  warn: (fields, message) => inner.warn(refuseUnloggable(fields), message),
  error: (fields, message) => inner.error(refuseUnloggable(fields), message),
  child: fields => wrap(inner.child(refuseUnloggable(fields))),
})

/** One JSON line per event: time (ISO), level, service, fields, msg. */
export const createLogger = ({ service, instance, level = 'info', destination }: LoggerOptions): Logger => {
  const options = {
    level,
    base: { service, ...(instance === undefined ? {} : { instance }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return wrap(
    destination === undefined ? pino(options, pino.destination({ sync: true })) : pino(options, destination),
  )
}

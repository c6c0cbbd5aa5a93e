import { HeadraceError } from '@headrace/errors'

/**
 * SQLSTATE classes and codes that pass by themselves: connection trouble, too many connections, shutting down or starting
 * up, an object in use (the slot, until its old session is gone).
 */
const PASSING = /^(08...|53...|57P0[1235]|55006)$/
/** insufficient_privilege */
const NO_RIGHT = '42501'
const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNABORTED',
])

/** What to do about refusals whose own words do not say it. */
const hintOf = (state: string, text: string): string | undefined => {
  if (state === NO_RIGHT)
    return '`headrace source check` lists all rights that are missing, with the SQL that grants them.'
  if (state === '28P01')
    return 'Check user and password in the address; special characters of a password are written as %XX.'
  if (state === '28000')
    return "Check the user and the server's pg_hba.conf; where it wants TLS, add ?sslmode=require to the address."
  if (state === '3D000') return 'Check the name of the database: it is the last part of the address.'
  if (text.includes('does not support SSL'))
    return 'Set up TLS on the server (ssl = on), or take sslmode and HEADRACE_POSTGRES_CA, _CERT and _KEY away.'
  return undefined
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : ''

const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

/** SQLSTATE of an error that Postgres reported, '' for others. */
export const sqlStateOf = (error: unknown): string => {
  const cause = error instanceof HeadraceError ? error.cause : error
  const code = codeOf(cause)
  return /^[0-9A-Z]{5}$/.test(code) && !SYSTEM_CODES.has(code) ? code : ''
}

/** Anything that a session threw, as an error of the catalogue. `doing` completes "while ...". */
export const postgresFault = (error: unknown, doing: string, where: string): HeadraceError => {
  if (error instanceof HeadraceError) return error
  const code = codeOf(error)
  const state = sqlStateOf(error)
  const text = state === '' ? messageOf(error) : `${messageOf(error)} [${state}]`
  const passing = state === '' ? SYSTEM_CODES.has(code) || isClosed(error) : PASSING.test(state)
  const hint = hintOf(state, text)
  return new HeadraceError(passing ? 'postgres.unreachable' : 'postgres.refused', `${text}, while ${doing}`, {
    where,
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  })
}

/** pg's own words for a connection that ended under it; they carry no code. */
const isClosed = (error: unknown): boolean =>
  /Connection terminated|timeout expired|not queryable|socket disconnected|Client has encountered a connection error/.test(
    messageOf(error),
  )

/** An ErrorResponse message of the protocol, `buffer[start, end)`: SQLSTATE and primary message, never its detail. */
export const readErrorResponse = (
  buffer: Buffer,
  start: number,
  end: number,
): Error & { readonly code: string } => {
  let code = ''
  let message = 'unknown error'
  for (let at = start; at < end && buffer[at] !== 0;) {
    const stop = buffer.indexOf(0, at + 1)
    const text = buffer.toString('utf8', at + 1, stop)
    if (buffer[at] === 0x43) code = text
    if (buffer[at] === 0x4d) message = text
    at = stop + 1
  }
  return Object.assign(new Error(message), { code })
}

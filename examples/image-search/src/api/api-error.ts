/** Becomes the answer `{ error: { code, message } }` with this status. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const notFound = (what: string, id: number): ApiError =>
  new ApiError(404, 'not_found', `there is no ${what} ${id}`)

/** The row, or 404. */
export const found = <Row>(rows: readonly Row[], what: string, id: number): Row => {
  const [row] = rows
  if (row === undefined) throw notFound(what, id)
  return row
}

export interface ErrorAnswer {
  readonly status: number
  readonly body: {
    readonly error: {
      readonly code: string
      readonly message: string
      readonly details?: readonly ErrorDetail[]
    }
  }
}

/** One mistake in a request: `path` like `/images/3/width`. */
export interface ErrorDetail {
  readonly path: string
  readonly message: string
}

interface Fault {
  readonly code?: string
  readonly statusCode?: number
  readonly message: string
  readonly validationContext?: string
  readonly validation?: readonly { readonly instancePath: string; readonly message?: string }[]
}

const answer = (
  status: number,
  code: string,
  message: string,
  details?: readonly ErrorDetail[],
): ErrorAnswer => ({
  status,
  body: { error: { code, message, ...(details === undefined ? {} : { details }) } },
})

/** Codes of Postgres that the caller is to blame for. */
const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'
/** U+0000 in a JSON text, or in a text. */
const UNTRANSLATABLE = new Set(['22P05', '22021'])

/** Any error as an answer. What we did not foresee says nothing about our insides. */
export const toAnswer = (error: unknown): ErrorAnswer => {
  if (error instanceof ApiError) return answer(error.status, error.code, error.message)
  const fault = error as Fault
  if (fault.validation !== undefined) {
    const details = fault.validation.map(({ instancePath, message = 'is wrong' }) => ({
      path: instancePath,
      message,
    }))
    return answer(
      400,
      'invalid_request',
      `the ${fault.validationContext ?? 'request'} is not as it must be`,
      details,
    )
  }
  if (fault.code === UNIQUE_VIOLATION)
    return answer(409, 'conflict', 'there is one with this name or key already')
  if (fault.code === FOREIGN_KEY_VIOLATION)
    return answer(409, 'conflict', 'it refers to something that is not there')
  if (UNTRANSLATABLE.has(fault.code ?? ''))
    return answer(400, 'invalid_request', 'a text holds the character U+0000')
  const { statusCode = 500 } = fault
  return statusCode < 500
    ? answer(statusCode, 'invalid_request', fault.message)
    : answer(500, 'internal', 'something went wrong here; try again')
}

import { type ErrorCode, HeadraceError } from '@headrace/errors'
import type { Place } from './ast.ts'

/** A query that cannot be answered: what is wrong, where in it, and the names that were probably meant. */
export class QueryError extends HeadraceError {
  readonly place: Place | undefined
  readonly nearest: readonly string[]

  constructor(
    code: Extract<ErrorCode, `query.${string}`>,
    message: string,
    details: {
      readonly place?: Place | undefined
      readonly nearest?: readonly string[]
      readonly hint?: string
    } = {},
  ) {
    super(code, message, {
      ...(details.place === undefined ? {} : { where: describePlace(details.place) }),
      ...(details.hint === undefined ? {} : { hint: details.hint }),
    })
    this.name = 'QueryError'
    this.place = details.place
    this.nearest = details.nearest ?? []
  }
}

export const describePlace = (place: Place): string =>
  'path' in place ? place.path : `line ${place.line}, column ${place.column}`

import { type ErrorCode, HeadraceError } from '@headrace/errors'

/** An error with the HTTP status that answers it. */
export class SearchError extends HeadraceError {
  readonly status: number
  readonly nearest: readonly string[]

  constructor(
    status: number,
    code: Extract<ErrorCode, `search.${string}`>,
    message: string,
    nearest: readonly string[] = [],
    hint?: string,
  ) {
    super(code, message, hint === undefined ? {} : { hint })
    this.name = 'SearchError'
    this.status = status
    this.nearest = nearest
  }
}

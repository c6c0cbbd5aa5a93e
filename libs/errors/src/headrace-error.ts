import type { CatalogueEntry } from './catalogue-entry.ts'
import { catalogue, type ErrorCode } from './catalogue.ts'

export interface ErrorDetails {
  /** Where it happened: a file position, topic-partition, slot, index ... Never a payload or a secret. */
  readonly where?: string
  /** What to do next, when it is more than the catalogue says. */
  readonly hint?: string
  readonly cause?: unknown
}

/** The one error class of the product: a code of the catalogue, what happened, where, what to do. */
export class HeadraceError extends Error {
  readonly code: ErrorCode
  readonly where: string | undefined
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'HeadraceError'
    this.code = code
    this.where = details.where
    this.hint = details.hint
  }

  get entry(): CatalogueEntry {
    return catalogue[this.code]
  }

  /**
   * One text for a person: `code: message (where)`, and what to do: the hint, else what the catalogue says. A message of
   * several lines has the place at the end of its first: the others are lists, or words of somebody else, to be copied.
   */
  describe(): string {
    const [first = '', ...others] = this.message.split('\n')
    const where = this.where === undefined ? '' : ` (${this.where})`
    return [`${this.code}: ${first}${where}`, ...others, `  ${this.hint ?? this.entry.meaning}`].join('\n')
  }
}

/** The code of a thrown thing, `internal.bug` for what is none of ours. */
export const codeOf = (error: unknown): ErrorCode =>
  error instanceof HeadraceError ? error.code : 'internal.bug'

/** A branch that cannot be reached; fails to compile when it can. */
export const unreachable = (value: never): never => {
  throw new HeadraceError('internal.bug', `unhandled case ${String(value)}`)
}

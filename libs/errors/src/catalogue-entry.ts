/** Who has to act on an error. */
export type Actor = 'operator' | 'pipeline-author' | 'data-owner' | 'caller' | 'headrace'

/** What a program may do about an error on its own (see retry-policy.ts). */
export type Recovery =
  /** Waiting helps: the same step is tried again with back-off, nothing is skipped. */
  | 'retry'
  /** The process ends non-zero and replays from its committed position. */
  | 'restart'
  /** Only a person can mend it: the process ends with the code's exit status. */
  | 'stop'
  /** The answer to a caller's bad request. */
  | 'reject'

export interface CatalogueEntry {
  /** What it means and what to do, one or two sentences for the docs table. */
  readonly meaning: string
  readonly actor: Actor
  readonly recovery: Recovery
  /** Process exit status when the error ends a program (sysexits where one fits). */
  readonly exit: number
}

export const entry = (actor: Actor, recovery: Recovery, exit: number, meaning: string): CatalogueEntry => ({
  meaning,
  actor,
  recovery,
  exit,
})

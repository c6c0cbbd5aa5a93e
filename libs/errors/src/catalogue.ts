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

const entry = (actor: Actor, recovery: Recovery, exit: number, meaning: string): CatalogueEntry => ({
  meaning,
  actor,
  recovery,
  exit,
})

/**
 * Every error code of the product. docs/errors.md is generated from this table and a test holds both equal.
 * Codes are `<area>.<what>`, stable once released.
 */
export const catalogue = {
  // configuration (exit 78, EX_CONFIG)
  'config.invalid': entry('operator', 'stop', 78, 'An environment variable is missing or has a value that does not fit its type. The message names each one and what it takes.'),
  'pipeline.invalid': entry('pipeline-author', 'stop', 65, 'The pipeline folder has mistakes. All are listed with file, line, column and what is allowed; `headrace check DIR` prints the same list.'),
  'pipeline.not_found': entry('pipeline-author', 'stop', 66, 'There is no pipeline.yaml in the folder. Name the folder that holds it.'),
  'pipeline.lock_stale': entry('pipeline-author', 'stop', 65, 'contracts.lock.json is missing or does not match the contracts. Run `headrace contracts lock DIR` and commit the file.'),

  // wire formats
  'decode.framing': entry('headrace', 'restart', 70, 'A record on a topic of ours is not framed as it must be. Somebody else wrote to the topic, or versions do not fit.'),

  // processes
  'http.port_taken': entry('operator', 'stop', 69, 'The port of the service is taken by another process. Set HEADRACE_HTTP_PORT to a free one.'),
  'internal.bug': entry('headrace', 'restart', 70, 'A state that cannot happen. Please report it with the log; the process restarts and replays.'),
  'usage.invalid': entry('caller', 'reject', 64, 'The command line is not right. See `--help`.'),
} as const satisfies Record<string, CatalogueEntry>

export type ErrorCode = keyof typeof catalogue

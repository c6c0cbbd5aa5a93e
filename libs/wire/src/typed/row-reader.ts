import type { Origin } from '../generated/headrace/v1/origin.pb.ts'
import type { MessageSchema } from './message-schema.ts'

/** A typed record as the aggregator sees it. */
export interface TypedRow {
  readonly origin: Origin
  /**
   * One entry per asked name, in that order: the JSON text that Postgres' to_json prints for the value in a UTC session, null for
   * SQL NULL. A name that stands in `origin.unchanged` has no value here (null); so has a non-key column of a delete.
   */
  readonly values: (string | null)[]
}

/** Reads the payload of a frame (without the framing). */
export type RowReader = (payload: Buffer) => TypedRow

/** Compiles a reader of the named fields; everything else is skipped unread. Unknown names: internal.bug. */
export const compileRowReader = (schema: MessageSchema, names: readonly string[]): RowReader => {
  throw new Error(`not written yet: ${schema.message} ${names.length}`)
}

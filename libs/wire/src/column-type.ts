/**
 * What a column's values are, in every library: contracts derive it, the aggregator orders and prints by it, mappings follow it.
 * `decimal` = numeric, `json` = json and jsonb, `time` = time and timetz, `text` = every type that is carried as Postgres prints it.
 */
export type ColumnKind =
  | 'boolean'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float32'
  | 'float64'
  | 'decimal'
  | 'text'
  | 'uuid'
  | 'bytes'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'json'

export interface ColumnType {
  readonly kind: ColumnKind
  /** Dimensions of an array of `kind`; 0 for a plain value. */
  readonly dimensions: number
  /** Labels of an enum in its declared order; the kind is `text`. */
  readonly labels?: readonly string[]
}

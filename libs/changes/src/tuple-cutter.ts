/** Kinds of a column in a tuple: the bytes 'n' null, 'u' not sent, 't' text. */
export const NULL_KIND = 0x6e
export const UNCHANGED_KIND = 0x75
export const TEXT_KIND = 0x74

/** A table has at most 1,600 columns (MaxHeapAttributeNumber). */
const MAX_COLUMNS = 1600

/**
 * Where the columns of one row lie in a buffer: no object and no copy per column. One instance is filled again for
 * every row, so what it says holds only until the next row.
 */
export class TupleCutter {
  /** Number of columns of the row. */
  count = 0
  /** How many of them were not sent. */
  unchanged = 0
  /** Bytes of its values. */
  bytes = 0
  readonly kinds = new Uint8Array(MAX_COLUMNS)
  /** First byte of each 't' column in `buffer`. */
  readonly starts = new Int32Array(MAX_COLUMNS)
  /** Bytes of each 't' column. */
  readonly lengths = new Int32Array(MAX_COLUMNS)

  /** Cuts a TupleData of pgoutput that begins at `at`; gives the position after it. */
  cut(buffer: Buffer, at: number): number {
    const count = (buffer[at]! << 8) | buffer[at + 1]!
    let position = at + 2
    this.unchanged = 0
    this.bytes = 0
    for (let column = 0; column < count; column += 1) {
      const kind = buffer[position]!
      this.kinds[column] = kind
      position += 1
      if (kind !== TEXT_KIND) {
        if (kind === UNCHANGED_KIND) this.unchanged += 1
        continue
      }
      const length =
        (buffer[position]! << 24) |
        (buffer[position + 1]! << 16) |
        (buffer[position + 2]! << 8) |
        buffer[position + 3]!
      this.starts[column] = position + 4
      this.lengths[column] = length
      this.bytes += length
      position += 4 + length
    }
    this.count = count
    return position
  }

  /**
   * Takes the value of every column that was not sent from `other`, the old row in the same buffer (03 C9). In an old
   * row that is not `whole`, null stands for what is not in the key.
   */
  fillUnchanged(other: TupleCutter, whole: boolean): void {
    for (let column = 0; column < this.count && this.unchanged > 0; column += 1) {
      const kind = other.kinds[column]!
      if (this.kinds[column] !== UNCHANGED_KIND || (kind !== TEXT_KIND && !(whole && kind === NULL_KIND)))
        continue
      this.unchanged -= 1
      this.kinds[column] = kind
      this.starts[column] = other.starts[column]!
      if (kind === NULL_KIND) continue
      this.lengths[column] = other.lengths[column]!
      this.bytes += other.lengths[column]!
    }
  }

  /** Text of a 't' column. */
  text(buffer: Buffer, column: number): string {
    const start = this.starts[column]!
    return buffer.toString('utf8', start, start + this.lengths[column]!)
  }

  /** Indexes of the columns that were not sent. */
  unchangedColumns(): readonly number[] {
    const columns: number[] = []
    for (let column = 0; column < this.count; column += 1)
      if (this.kinds[column] === UNCHANGED_KIND) columns.push(column)
    return columns
  }

  /** Forgets all columns but these: in a key tuple Postgres prints the others as null, which they need not be. */
  keepOnly(columns: readonly number[]): void {
    for (let column = 0; column < this.count; column += 1) {
      if (!columns.includes(column)) this.kinds[column] = UNCHANGED_KIND
    }
  }
}

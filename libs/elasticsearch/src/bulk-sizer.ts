const SMALLEST = 128 * 1024
const LARGEST = 8 * 1024 * 1024
const FIRST = 1024 * 1024

/** Answers faster than this let bulks grow, slower than the other make them shrink, in ms. */
const QUICK = 300
const SLOW = 1_200

/** How large a bulk may be, in characters of its text: follows how quickly Elasticsearch answers (06 E7). */
export class BulkSizer {
  #limit = FIRST

  get limit(): number {
    return this.#limit
  }

  answered(size: number, ms: number): void {
    if (ms > SLOW) this.#limit = Math.max(SMALLEST, this.#limit / 2)
    // only a full bulk tells something about larger ones
    else if (ms < QUICK && size > this.#limit * 0.8) this.#limit = Math.min(LARGEST, this.#limit * 1.5)
  }

  overloaded(): void {
    this.#limit = Math.max(SMALLEST, this.#limit / 2)
  }
}

/** Ms from the beginning of a transaction to the beginning of the next one. */
const EVERY_MS = 25

/**
 * When a process may begin its next transaction. A transaction costs the brokers some milliseconds of CPU however little is
 * in it: after a pause the first one begins at once, and in a stream of single rows some share one.
 */
export class TransactionPace {
  readonly #everyMs: number
  readonly #now: () => number
  #next = Number.NEGATIVE_INFINITY

  constructor(everyMs = EVERY_MS, now: () => number = () => performance.now()) {
    this.#everyMs = everyMs
    this.#now = now
  }

  /** How long to go on gathering, in ms; 0: begin when there is something to write. */
  get leftMs(): number {
    return Math.max(0, this.#next - this.#now())
  }

  /** A transaction begins. */
  began(): void {
    this.#next = this.#now() + this.#everyMs
  }
}

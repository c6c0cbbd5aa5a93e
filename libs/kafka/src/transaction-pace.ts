/** Ms from the beginning of a transaction to the beginning of the next one. */
const EVERY_MS = 25

/** The rest that a long transaction is followed by, as long as itself, is at most so long. */
const MOST_REST_MS = 100

/**
 * When a process may begin its next transaction. A transaction costs the brokers some milliseconds of CPU however little is
 * in it: after a pause the first one begins at once, and in a stream of single rows some share one. Where brokers or CPUs are
 * busy, transactions take longer: then they become fewer and larger, instead of making all others take longer still.
 */
export class TransactionPace {
  readonly #everyMs: number
  readonly #now: () => number
  #began = 0
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
    this.#began = this.#now()
    this.#next = this.#began + this.#everyMs
  }

  /** The transaction is over. */
  ended(): void {
    const now = this.#now()
    const rest = Math.min(now - this.#began, MOST_REST_MS)
    this.#next = Math.max(this.#next, now + rest)
  }
}

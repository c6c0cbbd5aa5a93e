/** A transaction must end well before its timeout, and heartbeats wait for the turn: so much in one turn, of all partitions. */
const MOST_BYTES = 16 * 1024 * 1024
const MOST_MS = 1000

/** What one turn may emit, all its tasks and stages together (05 A11b). The first document is always within it. */
export class EmissionBudget {
  private readonly now: () => number
  private readonly until: number
  private bytes = 0

  constructor(now: () => number) {
    this.now = now
    this.until = now() + MOST_MS
  }

  took(bytes: number): void {
    this.bytes += bytes
  }

  get isSpent(): boolean {
    return this.bytes >= MOST_BYTES || this.now() >= this.until
  }
}

/** Several that share a budget: the one after that at which a turn's was spent begins the next, so that nobody starves. */
export class Rotation<T> {
  private readonly items: readonly T[]
  private first = 0

  constructor(items: readonly T[]) {
    this.items = items
  }

  /** True: `emit` said of one that it has more. */
  turn(budget: EmissionBudget, emit: (item: T) => boolean): boolean {
    const { items, first } = this
    let hasMore = false
    for (let n = 0; n < items.length; n++) {
      const at = (first + n) % items.length
      const wasSpent = budget.isSpent
      if (emit(items[at]!)) hasMore = true
      if (!wasSpent && budget.isSpent) this.first = (at + 1) % items.length
    }
    return hasMore
  }
}

import type { EdgePlan } from './plan.ts'
import { compareSortKeys } from './stored-row.ts'

/** So many more than the limit are gathered before they are cut: sorting is paid for once in a while. */
const SLACK = 1000

/** The rows of a list that a document shows, out of any number: never more than about the limit in memory (05 A18). */
export class ShownRows {
  /** All that were pushed. */
  count = 0
  private readonly limit: number
  private readonly countOnly: boolean
  private rows: Buffer[] = []

  constructor({ limit = Infinity, overflow }: EdgePlan) {
    this.limit = limit
    this.countOnly = overflow === 'countOnly'
  }

  /** In the order of the children's keys, which decides among equals. */
  push(row: Buffer): void {
    this.count++
    this.rows.push(row)
    if (this.rows.length > 2 * this.limit + SLACK) this.cut()
  }

  /** In the order of the list. */
  take(): readonly Buffer[] {
    if (this.count > this.limit && this.countOnly) return []
    this.cut()
    return this.rows
  }

  private cut(): void {
    if (this.rows.length > 1) this.rows.sort(compareSortKeys)
    if (this.rows.length > this.limit) this.rows.length = this.limit
  }
}

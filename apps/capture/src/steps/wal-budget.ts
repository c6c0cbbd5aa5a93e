/** Time over which the rate of writing is averaged, in ms: a burst of a minute is no trend. */
const WINDOW_MS = 300_000

/** Estimates how long the server keeps the WAL that a slot needs (03 C16). Pure but for what it remembers. */
export class WalBudget {
  #last: { readonly now: number; readonly walEnd: bigint } | undefined
  /** Bytes per ms, averaged exponentially; undefined before the second look. */
  #rate: number | undefined

  /**
   * @param now ms of a steady clock
   * @param safeBytes WAL that may still be written before the slot is in danger; null without a limit
   * @returns seconds until then at the present rate; Infinity without a limit, while nothing is written or before the second look
   */
  observe(now: number, walEnd: bigint, safeBytes: number | null): number {
    const last = this.#last
    this.#last = { now, walEnd }
    if (last !== undefined && now > last.now) {
      const elapsed = now - last.now
      const rate = Math.max(0, Number(walEnd - last.walEnd)) / elapsed
      const weight = 1 - Math.exp(-elapsed / WINDOW_MS)
      this.#rate = this.#rate === undefined ? rate : this.#rate + weight * (rate - this.#rate)
    }
    if (safeBytes === null) return Infinity
    if (safeBytes <= 0) return 0
    return this.#rate === undefined || this.#rate === 0 ? Infinity : safeBytes / this.#rate / 1000
  }
}

/**
 * What the probes of a service answer (07 O2): `starting` (restore in progress is no failure), `ready`, `draining`; and a
 * heartbeat of the main loop for liveness. `now` gives ms.
 */
export class Health {
  readonly #now: () => number
  readonly #stallMs: number
  #phase: 'starting' | 'ready' | 'draining' = 'starting'
  #why = 'starting'
  #lastTurn: number

  constructor({
    now = Date.now,
    stallMs = 60_000,
  }: { readonly now?: () => number; readonly stallMs?: number } = {}) {
    this.#now = now
    this.#stallMs = stallMs
    this.#lastTurn = now()
  }

  /** The main loop turned. */
  turned(): void {
    this.#lastTurn = this.#now()
  }

  starting(why: string): void {
    this.#phase = 'starting'
    this.#why = why
  }

  ready(): void {
    this.#phase = 'ready'
    this.#why = 'ready'
  }

  /** Not ready for a reason that will pass (a backend away, the stream behind), or for good (draining). */
  notReady(why: string): void {
    this.#phase = 'draining'
    this.#why = why
  }

  get live(): { readonly ok: boolean; readonly why: string } {
    const silent = this.#now() - this.#lastTurn
    return silent <= this.#stallMs
      ? { ok: true, why: 'turning' }
      : { ok: false, why: `the loop has not turned for ${Math.round(silent / 1000)} s` }
  }

  get isReady(): { readonly ok: boolean; readonly why: string } {
    return { ok: this.#phase === 'ready', why: this.#why }
  }

  get started(): { readonly ok: boolean; readonly why: string } {
    return { ok: this.#phase !== 'starting' || this.live.ok, why: this.#why }
  }
}

import type { ConsumerHandlers, Membership } from '@headrace/kafka'

/** One membership of the group, from assignment to revocation. */
export interface Generation {
  readonly membership: Membership
  /** Fires when it is over. */
  readonly ended: AbortSignal
}

/** Turns the consumer's callbacks into something that a loop can wait for. */
export class Generations implements ConsumerHandlers {
  private current: { readonly generation: Generation; readonly end: AbortController } | undefined
  private wake: () => void = () => undefined

  assigned(membership: Membership): void {
    const end = new AbortController()
    this.current = { generation: { membership, ended: end.signal }, end }
    this.wake()
  }

  revoked(): void {
    this.current?.end.abort()
    this.current = undefined
  }

  /** The present generation unless it is `not` (used up), else the next one. Undefined when the signal fires first. */
  async next(signal: AbortSignal, not: Generation | undefined): Promise<Generation | undefined> {
    for (;;) {
      if (signal.aborted) return undefined
      const { current } = this
      if (current !== undefined && current.generation !== not) return current.generation
      await new Promise<void>(resolve => {
        const done = (): void => {
          signal.removeEventListener('abort', done)
          this.wake = () => undefined
          resolve()
        }
        this.wake = done
        signal.addEventListener('abort', done)
      })
    }
  }
}

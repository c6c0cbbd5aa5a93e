/** A started resource. `stop` is called once, and waits until nothing of it runs any more. */
export interface Started<T> {
  readonly value: T
  stop(): Promise<void>
}

/** Something with a life: a client, a server, a loop. */
export interface Component<T> {
  readonly name: string
  start(): Promise<Started<T>>
}

/**
 * Starts components one after another and stops them in reverse order; when one fails to start, those before it are
 * stopped again before the error is passed on.
 */
export class ComponentScope {
  readonly #stops: { readonly name: string; readonly stop: () => Promise<void> }[] = []

  /** Starts a component; its stop is remembered. */
  async start<T>(component: Component<T>): Promise<T> {
    try {
      const started = await component.start()
      this.#stops.push({ name: component.name, stop: () => started.stop() })
      return started.value
    } catch (error) {
      await this.stop().catch(() => undefined)
      throw error
    }
  }

  /** Adds the stop of something that was started otherwise. */
  onStop(name: string, stop: () => Promise<void>): void {
    this.#stops.push({ name, stop })
  }

  /** Stops all in reverse order, even when some fail; the first failure is thrown at the end. */
  async stop(): Promise<void> {
    const failures: unknown[] = []
    for (let next = this.#stops.pop(); next !== undefined; next = this.#stops.pop()) {
      try {
        await next.stop()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

export interface Stopper {
  /** Runs at the end, last added first. */
  add(stop: () => Promise<unknown> | void): void
}

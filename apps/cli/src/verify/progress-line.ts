import type { VerifyProgress } from './verify-view.ts'

interface Terminal {
  write(text: string): unknown
  readonly isTTY?: boolean
}

const WIDTH = 30
const EVERY_MS = 100

const bar = (done: number, total: number): string => {
  const filled = total === 0 ? WIDTH : Math.min(WIDTH, Math.round((done / total) * WIDTH))
  return `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`
}

/** One line on a terminal that is written over; nothing where there is no terminal. */
export class ProgressLine implements VerifyProgress {
  readonly #terminal: Terminal
  #lastAt = 0
  #shown = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  comparing(done: number, total: number): void {
    this.#show(
      () =>
        `comparing ${bar(done, total)} ${done.toLocaleString('en')} of ${Math.max(done, total).toLocaleString('en')}`,
    )
  }

  settling(left: number): void {
    this.#show(() => `looking again at ${left.toLocaleString('en')} keys that differed`)
  }

  clear(): void {
    if (this.#shown) this.#terminal.write('\r\u001b[K')
    this.#shown = false
  }

  #show(text: () => string): void {
    const now = performance.now()
    if (this.#terminal.isTTY !== true || now - this.#lastAt < EVERY_MS) return
    this.#lastAt = now
    this.#shown = true
    this.#terminal.write(`\r${text()}\u001b[K`)
  }
}

import { HeadraceError } from '@headrace/errors'
import type { IncomingRecord, PartitionReader } from '@headrace/kafka'
import { RelationDescription } from '@headrace/wire'

/** Capture writes a description before the first row that needs it, so one that is not there yet is on its way. */
const PATIENCE_MS = 30_000
const ASK_AGAIN_MS = 50

export interface RelationBookOptions {
  readonly reader: PartitionReader
  readonly topic: string
  readonly patienceMs?: number
  /** Told once for each wait. */
  readonly awaited: (fingerprint: string) => void
}

/** Relation descriptions of `<p>.relations` by fingerprint; read as far as needed. */
export class RelationBook {
  readonly #options: RelationBookOptions
  readonly #known = new Map<bigint, RelationDescription>()
  #next: bigint | undefined

  constructor(options: RelationBookOptions) {
    this.#options = options
  }

  known(fingerprint: bigint): RelationDescription | undefined {
    return this.#known.get(fingerprint)
  }

  /** Reads on until the description is there. Throws validator.relation_unknown when it does not come. */
  async find(fingerprint: bigint, signal: AbortSignal): Promise<RelationDescription> {
    const { topic, awaited, patienceMs = PATIENCE_MS } = this.#options
    const deadline = performance.now() + patienceMs
    const text = fingerprint.toString(16).padStart(16, '0')
    for (let attempt = 0; ; attempt++) {
      await this.#readOn(signal)
      const found = this.#known.get(fingerprint)
      if (found !== undefined) return found
      signal.throwIfAborted()
      if (attempt === 0) awaited(text)
      if (performance.now() > deadline) {
        throw new HeadraceError(
          'validator.relation_unknown',
          `no description of relation ${text} in ${topic} after ${patienceMs} ms`,
        )
      }
      await pause(ASK_AGAIN_MS, signal)
    }
  }

  async #readOn(signal: AbortSignal): Promise<void> {
    const { reader, topic } = this.#options
    this.#next ??= (await reader.bounds(topic, 0)).start
    for await (const part of reader.readToEnd(topic, 0, this.#next, signal)) {
      for (const record of part.records) this.#take(record)
      this.#next = part.next
    }
  }

  #take({ value }: IncomingRecord): void {
    if (value === null) return
    const description = RelationDescription.decode(value)
    this.#known.set(description.fingerprint, description)
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })

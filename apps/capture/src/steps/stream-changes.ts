import { ChangeDecoder, type RelationTracker } from '@headrace/changes'
import { openReplication, type PostgresConnection } from '@headrace/postgres'
import type { CapturePosition } from '@headrace/wire'
import type { SourceTable } from '../adapters/captured-table.ts'
import type { ChangeDelivery } from './change-delivery.ts'
import type { Delivery } from './delivery.ts'

/** Without a word from the server that nothing more comes, the stream counts as drained after so many ms of silence. */
const QUIET_MS = 3
/** An idle slot is moved at most this often (03 C2) ... */
const IDLE_ACK_MS = 10_000
/** ... or this often when the server waits for it, as it does to shut down. */
const ASKED_ACK_MS = 1_000

export interface StreamOptions {
  readonly connection: PostgresConnection
  readonly source: string
  readonly slot: string
  readonly publication: string
  /** What Kafka has; the stream begins behind it (03 C3). */
  readonly position: CapturePosition
  readonly relations: RelationTracker<SourceTable>
  readonly changes: ChangeDelivery
  readonly delivery: Delivery
  /** Throws when the slot is not the one that the position is of: now that it is ours nobody can change it (03 C3). */
  readonly check: () => Promise<void>
  readonly signal: AbortSignal
}

/** What the stream is seen to do, for readiness and lag. */
export interface StreamView {
  /** Up to where the server has told us everything. */
  readonly seen: bigint
  readonly bytes: number
}

export interface RunningStream {
  readonly view: StreamView
  acknowledge(lsn: bigint): void
  /** Ends when the signal fires; rejects when the stream breaks. */
  readonly done: Promise<void>
}

/** Streams the slot from the position: changes to the delivery, acknowledgements back (03 C1-C7). */
export const streamChanges = async (options: StreamOptions): Promise<RunningStream> => {
  const { position, delivery, signal } = options
  const reader = new StreamReader(options)
  const stream = await openReplication({
    connection: options.connection,
    slot: options.slot,
    publication: options.publication,
    from: position.acknowledgedLsn,
    handlers: reader,
    begun: options.check,
  }).catch((error: unknown) => {
    reader.stop()
    throw error
  })
  const removeValve = delivery.addValve(stream)
  const idle = setInterval(() => reader.moveIdle(IDLE_ACK_MS), IDLE_ACK_MS)
  const stopped = new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  const done = Promise.race([stopped, stream.failed]).finally(async () => {
    clearInterval(idle)
    reader.stop()
    removeValve()
    await stream.stop()
  })
  return { view: reader, acknowledge: lsn => stream.acknowledge(lsn), done }
}

class StreamReader implements StreamView {
  seen: bigint
  bytes = 0
  readonly #decoder: ChangeDecoder<SourceTable>
  readonly #delivery: Delivery
  readonly #quiet: NodeJS.Timeout
  #idleEnd = 0n
  #idleMovedAt = performance.now()

  constructor({ source, position, relations, changes, delivery }: StreamOptions) {
    const { epoch, commitLsn, ordinal, complete } = position
    this.seen = position.acknowledgedLsn
    this.#delivery = delivery
    this.#decoder = new ChangeDecoder({
      source,
      epoch,
      relations,
      sink: changes,
      after: { commitLsn, ordinal, complete },
    })
    this.#quiet = setTimeout(() => this.#drained(), QUIET_MS)
  }

  data = (buffer: Buffer, start: number, end: number): void => {
    this.#decoder.push(buffer, start, end)
    this.#delivery.checkBounds()
  }

  keepalive(walEnd: bigint, replyRequested: boolean): void {
    this.seen = walEnd
    this.#idleEnd = walEnd
    this.#drained()
    if (replyRequested) this.moveIdle(ASKED_ACK_MS)
  }

  chunk(bytes: number): void {
    this.bytes += bytes
    if (this.#delivery.progress.acknowledgedLsn > this.seen)
      this.seen = this.#delivery.progress.acknowledgedLsn
    this.#quiet.refresh()
  }

  /** Nothing that was received is undelivered: what the server said is behind us may be acknowledged, once Kafka has it (03 C2). */
  moveIdle(everyMs: number): void {
    const now = performance.now()
    const { progress, idle } = this.#delivery
    if (
      !idle ||
      this.#decoder.inTransaction ||
      this.#idleEnd <= progress.acknowledgedLsn ||
      now - this.#idleMovedAt < everyMs - 1
    )
      return
    this.#idleMovedAt = now
    progress.acknowledgedLsn = this.#idleEnd
    this.#delivery.commitPosition()
  }

  stop(): void {
    clearTimeout(this.#quiet)
  }

  #drained(): void {
    if (!this.#decoder.inTransaction) this.#delivery.drained()
  }
}

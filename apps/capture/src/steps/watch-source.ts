import { setTimeout as sleep } from 'node:timers/promises'
import { emitHeartbeat, type PostgresSession, readSlot, readWalEnd } from '@headrace/postgres'
import type { Health } from '@headrace/runtime'
import type { Events } from '../events.ts'
import type { StreamView } from './stream-changes.ts'
import { WalBudget } from './wal-budget.ts'

export interface Observation {
  /** ms of a steady clock. */
  readonly now: number
  /** Where the server's WAL ends. */
  readonly walEnd: bigint
  /** Up to where the stream has told everything. */
  readonly seen: bigint
  /** Received so far. */
  readonly bytes: number
}

/** Tells a stream that stands still from one with nothing to say (03 C16). Pure but for what it remembers. */
export class StallWatch {
  readonly #patienceMs: number
  #moved: Observation | null = null
  /** WAL end when it last moved: what it must get past. */
  #target = 0n

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  /** How long the stream has stood still before WAL it should have told of, in ms; 0 while it moves, is done, or is still given time. */
  observe(observation: Observation): number {
    const moved = this.#moved
    const moves = moved === null || observation.seen > moved.seen || observation.bytes > moved.bytes
    if (moves || observation.seen >= this.#target) {
      this.#moved = observation
      this.#target = observation.walEnd
      return 0
    }
    const stoodMs = observation.now - moved.now
    return stoodMs >= this.#patienceMs ? stoodMs : 0
  }
}

export interface WatchOptions {
  readonly session: PostgresSession
  readonly slot: string
  readonly view: StreamView
  acknowledged(): bigint
  /** Age of what is read and not committed, in s. */
  lagSeconds(): number
  readonly events: Events
  readonly health: Health
  readonly everyMs: number
  readonly signal: AbortSignal
}

/** Looks at slot and server every few seconds: metrics, readiness, and a heartbeat when nothing comes (03 C5, C16). */
export const watchSource = async (options: WatchOptions): Promise<void> => {
  const { session, slot, view, events, health, everyMs, signal } = options
  const watch = new StallWatch(3 * everyMs)
  const budget = new WalBudget()
  let bytesBefore = -1
  let stalled = false
  while (!signal.aborted) {
    const state = await readSlot(session, slot)
    const walEnd = await readWalEnd(session)
    if (state !== null) {
      events.slotSeen(state, walEnd, options.acknowledged())
      events.walBudget(budget.observe(performance.now(), walEnd, state.safeWalSize))
    }
    events.lag(options.lagSeconds())
    const stoodMs = watch.observe({ now: performance.now(), walEnd, seen: view.seen, bytes: view.bytes })
    if (stoodMs > 0) {
      events.stalled(stoodMs / 1000)
      health.notReady('the stream stands still although the server has newer WAL')
    } else if (stalled) {
      events.moving()
      health.ready()
    }
    stalled = stoodMs > 0
    health.turned()
    if (view.bytes === bytesBefore) await emitHeartbeat(session)
    bytesBefore = view.bytes
    await sleep(everyMs, undefined, { signal }).catch(() => undefined)
  }
}

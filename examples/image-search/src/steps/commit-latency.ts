import { setTimeout as delay } from 'node:timers/promises'
import type { Queryable } from '../oracle/expected-documents.ts'
import type { Client } from '../sdk/index.ts'

export interface LatencyOptions {
  readonly database: Queryable
  readonly client: Client
  /** Ids of images that are changed in turn, one commit each. */
  readonly images: readonly number[]
  readonly commits: number
  readonly perSecond: number
  readonly onSeen: (seen: number) => void
  readonly signal: AbortSignal
}

export interface Latency {
  readonly n: number
  /** ms from the return of COMMIT to the arrival of a search answer that shows the change. */
  readonly p50: number
  readonly p99: number
}

interface Pending {
  readonly width: number
  readonly committedAt: number
}

const GIVE_UP_MS = 60_000
const POLL_PAUSE_MS = 5
/** Widths that the data does not have, so that every change can be told from every other. */
const FIRST_WIDTH = 5_000

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
  return Math.round(value * 10) / 10
}

/** Single commits at a steady rate, whatever the answers do (a slow answer must not slow the writer down). */
const write = async (
  { database, images, commits, perSecond, signal }: LatencyOptions,
  pending: Map<string, Pending>,
): Promise<void> => {
  const began = performance.now()
  const running: Promise<void>[] = []
  for (let at = 0; at < commits; at++) {
    await delay(Math.max(0, began + (at * 1000) / perSecond - performance.now()), undefined, { signal })
    const [id, width] = [images[at % images.length] ?? 1, FIRST_WIDTH + at]
    running.push(
      database
        .query('update image set width = $2, updated_at = clock_timestamp() where id = $1', [id, width])
        .then(() => {
          pending.set(String(id), { width, committedAt: performance.now() })
        }),
    )
  }
  await Promise.all(running)
}

/**
 * Each commit is looked for through the search API until it is seen. One query asks for all that are not seen yet, so that
 * asking does not become the load that is measured.
 */
export const measureCommitToSearchable = async (options: LatencyOptions): Promise<Latency> => {
  const pending = new Map<string, Pending>()
  const latencies: number[] = []
  let writing = true
  const writer = write(options, pending).finally(() => (writing = false))
  writer.catch(() => undefined)
  while (writing || pending.size > 0) {
    options.signal.throwIfAborted()
    const asked = [...pending.keys()].slice(0, 200)
    if (asked.length > 0) {
      const { hits } = await options.client.search(`id in (${asked.join(', ')})`, {
        size: asked.length,
        fields: ['width'],
      })
      const now = performance.now()
      for (const { key, document } of hits) {
        const wanted = pending.get(key)
        if (wanted === undefined || Number(document['width']) !== wanted.width) continue
        pending.delete(key)
        latencies.push(now - wanted.committedAt)
      }
      const oldest = Math.min(...[...pending.values()].map(({ committedAt }) => committedAt))
      if (now - oldest > GIVE_UP_MS)
        throw new Error(`a change was not searchable ${GIVE_UP_MS / 1000} s after its commit`)
    }
    options.onSeen(latencies.length)
    await delay(POLL_PAUSE_MS)
  }
  await writer
  return { n: latencies.length, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
}

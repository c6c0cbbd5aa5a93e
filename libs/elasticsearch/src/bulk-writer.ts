import { setTimeout as sleep } from 'node:timers/promises'
import { backoffDelay, codeOf, HeadraceError, retryPolicy } from '@headrace/errors'
import { BulkSizer } from './bulk-sizer.ts'
import type { Elasticsearch } from './connection.ts'
import { isPassing, plainReason, type ServerError } from './faults.ts'

/** `version` is external: an item that is not newer than what is indexed changes nothing. */
export type BulkItem =
  | { readonly kind: 'index'; readonly id: string; readonly version: bigint; readonly body: string }
  | { readonly kind: 'delete'; readonly id: string; readonly version: bigint }

/** `stale`: the index has this version or a newer one. `rejected`: never will be taken as it is. */
export type BulkOutcome =
  | { readonly kind: 'written' | 'stale' | 'deleted' | 'absent' }
  | { readonly kind: 'rejected'; readonly reason: string }

export interface BulkRetry {
  /** Items of the request, and how many of them are repeated. */
  readonly items: number
  readonly repeated: number
  readonly attempt: number
  readonly delayMs: number
  readonly reason: string
}

export interface BulkWriterOptions {
  readonly elasticsearch: Elasticsearch
  readonly sizer?: BulkSizer
  /** Default 60,000 ms. */
  readonly requestTimeoutMs?: number
  readonly random?: () => number
  readonly onRetry?: (retry: BulkRetry) => void
}

interface ItemAnswer {
  readonly status: number
  readonly error?: ServerError
}

interface Verdict {
  readonly outcome?: BulkOutcome
  /** Absent with an outcome. */
  readonly retry?: string
}

/** What the answer to one item means (06 E8). Pure. */
export const judgeItem = (item: BulkItem, { status, error = {} }: ItemAnswer): Verdict => {
  if (status >= 200 && status < 300)
    return { outcome: { kind: item.kind === 'delete' ? 'deleted' : 'written' } }
  if (status === 409) return { outcome: { kind: 'stale' } }
  if (status === 404 && error.type === undefined && item.kind === 'delete')
    return { outcome: { kind: 'absent' } }
  if (error.type === 'index_not_found_exception')
    throw new HeadraceError('elasticsearch.index_missing', plainReason(error))
  if (isPassing(status, error)) return { retry: plainReason(error) }
  if (status === 401 || status === 403)
    throw new HeadraceError('elasticsearch.unauthorised', plainReason(error))
  return { outcome: { kind: 'rejected', reason: plainReason(error) } }
}

const actionLine = ({ kind, id, version }: BulkItem): string =>
  `{"${kind}":{"_id":${JSON.stringify(id)},"version":${version},"version_type":"external"}}\n`

const lineOf = (item: BulkItem): string =>
  item.kind === 'delete' ? actionLine(item) : `${actionLine(item)}${item.body}\n`

/**
 * Bulk requests as text straight from documents (06 E7). `write` returns when every item has its outcome; items that met a busy
 * server, and whole requests that failed, are repeated until they have one (external versions make that safe) or the signal fires.
 */
export class BulkWriter {
  readonly #options: BulkWriterOptions
  readonly #sizer: BulkSizer

  constructor(options: BulkWriterOptions) {
    this.#options = options
    this.#sizer = options.sizer ?? new BulkSizer()
  }

  /** `target` is an alias: with `require_alias` a removed index is an error, never a new index without mapping. */
  async write(
    target: string,
    items: readonly BulkItem[],
    signal: AbortSignal,
  ): Promise<readonly BulkOutcome[]> {
    const outcomes: (BulkOutcome | undefined)[] = Array.from({ length: items.length })
    let waiting = items.map((_, i) => i)
    let attempt = 0
    while (waiting.length > 0) {
      signal.throwIfAborted()
      const { lines, count } = this.#cut(items, waiting)
      const chunk = waiting.slice(0, count)
      const failed = await this.#send(target, lines, items, chunk, outcomes, signal)
      waiting = [...failed.repeat, ...waiting.slice(count)]
      if (failed.repeat.length === 0) {
        attempt = 0
        continue
      }
      const delayMs = backoffDelay(attempt, (this.#options.random ?? Math.random)())
      attempt++
      this.#options.onRetry?.({
        items: count,
        repeated: failed.repeat.length,
        attempt,
        delayMs,
        reason: failed.reason,
      })
      this.#sizer.overloaded()
      await sleep(delayMs, undefined, { signal })
    }
    return outcomes as BulkOutcome[]
  }

  /** As many of the waiting items as the size allows, at least one. */
  #cut(
    items: readonly BulkItem[],
    waiting: readonly number[],
  ): { readonly lines: string; readonly count: number } {
    let lines = ''
    let count = 0
    for (const i of waiting) {
      const line = lineOf(items[i]!)
      if (count > 0 && lines.length + line.length > this.#sizer.limit) break
      lines += line
      count++
    }
    return { lines, count }
  }

  async #send(
    target: string,
    lines: string,
    items: readonly BulkItem[],
    chunk: readonly number[],
    outcomes: (BulkOutcome | undefined)[],
    signal: AbortSignal,
  ): Promise<{ readonly repeat: readonly number[]; readonly reason: string }> {
    let answers: readonly ItemAnswer[]
    try {
      answers = await this.#request(target, lines, signal)
    } catch (error) {
      if (signal.aborted || retryPolicy(error) !== 'retry') throw error
      const [first, ...others] = chunk
      if (codeOf(error) === 'elasticsearch.request_too_large' && others.length === 0) {
        // it will never fit, and must not stop what comes behind it
        const reason = `request_too_large: the document makes a request of ${lines.length} characters, more than the server takes`
        outcomes[first!] = { kind: 'rejected', reason }
        return { repeat: [], reason }
      }
      return { repeat: chunk, reason: error instanceof HeadraceError ? error.message : String(error) }
    }
    if (answers.length !== chunk.length) {
      throw new HeadraceError(
        'elasticsearch.refused',
        `a bulk of ${chunk.length} items was answered by ${answers.length}`,
      )
    }
    const repeat: number[] = []
    let reason = ''
    chunk.forEach((i, at) => {
      const verdict = judgeItem(items[i]!, answers[at]!)
      outcomes[i] = verdict.outcome
      if (verdict.retry === undefined) return
      repeat.push(i)
      reason = verdict.retry
    })
    return { repeat, reason }
  }

  async #request(target: string, lines: string, signal: AbortSignal): Promise<readonly ItemAnswer[]> {
    const begun = performance.now()
    const { body } = await this.#options.elasticsearch.json<{
      readonly items?: readonly Readonly<Record<string, ItemAnswer>>[]
    }>({
      method: 'POST',
      path: `/${encodeURIComponent(target)}/_bulk`,
      query: { require_alias: true, filter_path: 'items.*.status,items.*.error.type,items.*.error.reason' },
      lines,
      timeoutMs: this.#options.requestTimeoutMs ?? 60_000,
      signal,
    })
    this.#sizer.answered(lines.length, performance.now() - begun)
    return (body.items ?? []).map(item => Object.values(item)[0]!)
  }
}

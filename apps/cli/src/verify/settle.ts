import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { backoffDelay } from '@headrace/errors'
import type { Hit } from '@headrace/elasticsearch'
import { type Expected, LOOK_CHUNK } from './expected-documents.ts'
import { judge, type Verdict } from './judge-document.ts'

export type Difference = Extract<Verdict, { kind: 'differing' }>

export interface Unsettled {
  readonly key: string
  readonly kind: 'missing' | 'extra' | 'differing' | 'stub'
  /** Row or document changed between the last two looks: it may be right by now. */
  readonly changing: boolean
  readonly differences: Difference['differences']
  /** Of a stub: code and words, without values. */
  readonly reason?: string
}

export interface SettleOptions {
  /** Before each look at the keys that are left. */
  readonly prepare?: () => Promise<void>
  /** Rows of these keys, all of one moment. */
  expected(keys: readonly string[]): Promise<ReadonlyMap<string, Expected>>
  /** Documents of these keys as they were acknowledged last. */
  actual(keys: readonly string[]): Promise<ReadonlyMap<string, Hit>>
  readonly timeLimitMs: number
  /** How many are kept with what differs; of the others only the key. */
  readonly details: number
  readonly now: () => number
  progress(left: number): void
}

const sleepBetween = { first: 150, cap: 3_000 }

/** Short print of what was seen of a key. */
const sightOf = (expected: Expected | undefined, hit: Hit | undefined): string =>
  createHash('sha1')
    .update(expected === undefined ? '-' : `+${expected.document}`)
    .update(hit === undefined ? '-' : `+${hit.version}`)
    .digest('base64')

interface Look {
  readonly sight: string
  readonly result: Unsettled
}

const lookAt = async (
  keys: readonly string[],
  before: ReadonlyMap<string, Look>,
  options: SettleOptions,
): Promise<ReadonlyMap<string, Look>> => {
  const open = new Map<string, Look>()
  for (let at = 0; at < keys.length; at += LOOK_CHUNK) {
    const chunk = keys.slice(at, at + LOOK_CHUNK)
    // rows first: a document that was written in between is compared again in the next round
    const rows = await options.expected(chunk)
    const documents = await options.actual(chunk)
    for (const key of chunk) {
      const verdict = judge(rows.get(key), documents.get(key))
      if (verdict.kind === 'equal') continue
      const sight = sightOf(rows.get(key), documents.get(key))
      const last = before.get(key)?.sight
      const detailed = verdict.kind === 'differing' && open.size < options.details
      const result = {
        key,
        kind: verdict.kind,
        changing: last !== undefined && last !== sight,
        differences: detailed ? verdict.differences : [],
        ...(verdict.kind === 'stub' ? { reason: verdict.reason } : {}),
      }
      open.set(key, { sight, result })
    }
    options.progress(open.size)
  }
  return open
}

/**
 * Looks at keys again and again, with pauses, until row and document are equal or the time is over. A key leaves when it was
 * seen equal once: what is wrong for good never is.
 */
export const settle = async (
  keys: ReadonlySet<string>,
  options: SettleOptions,
): Promise<readonly Unsettled[]> => {
  const deadline = options.now() + options.timeLimitMs
  let open: ReadonlyMap<string, Look> = new Map()
  let left = [...keys]
  for (let round = 0; left.length > 0; round++) {
    await options.prepare?.()
    open = await lookAt(left, open, options)
    left = [...open.keys()]
    const pause = backoffDelay(round, 1, sleepBetween)
    if (left.length === 0 || options.now() + pause > deadline) break
    await delay(pause)
  }
  return [...open.values()].map(({ result }) => result)
}

import type { Hit } from '@headrace/elasticsearch'
import type { Expected } from './expected-documents.ts'
import { judge } from './judge-document.ts'

export interface Suspects {
  /** Keys that were not equal at first sight; looked at again later. */
  readonly keys: Set<string>
  readonly rows: number
  readonly documents: number
  /** There were too many: the rest was not compared. */
  readonly truncated: boolean
}

/** What is remembered of differences: keys only. */
export const MAX_SUSPECTS = 100_000

const bytesOf = (key: string): Buffer => Buffer.from(key, 'utf8')

/** An iterator with its next value in sight. */
class Ahead<T> {
  readonly #source: AsyncIterator<T>
  #next: T | undefined

  constructor(source: AsyncIterator<T>) {
    this.#source = source
  }

  get value(): T | undefined {
    return this.#next
  }

  async step(): Promise<void> {
    const { done, value } = await this.#source.next()
    this.#next = done === true ? undefined : value
  }

  async close(): Promise<void> {
    await this.#source.return?.()
  }
}

interface Keyed<T> {
  readonly bytes: Buffer
  readonly item: T
}

async function* flatten(chunks: AsyncIterable<readonly Expected[]>): AsyncGenerator<Keyed<Expected>> {
  for await (const chunk of chunks) for (const item of chunk) yield { bytes: bytesOf(item.key), item }
}

/** Only what ascends can be merged: a document that hides under another key (its sort field says so) is a suspect. */
async function* ascending(
  hits: AsyncIterable<Hit>,
  outOfOrder: (key: string) => void,
): AsyncGenerator<Keyed<Hit>> {
  let last: Buffer | undefined
  for await (const item of hits) {
    const bytes = bytesOf(item.key)
    if (last !== undefined && Buffer.compare(bytes, last) <= 0) outOfOrder(item.key)
    else {
      last = bytes
      yield { bytes, item }
    }
  }
}

/**
 * Rows and documents, both in the order of their keys' bytes, side by side: each is read once and nothing but the keys of
 * suspects is kept. The two are not of one moment, so a suspect is only a key to look at again; equal is equal.
 */
export const findSuspects = async (
  rows: AsyncIterable<readonly Expected[]>,
  documents: () => AsyncIterable<Hit>,
  progress: (compared: number) => void,
): Promise<Suspects> => {
  const keys = new Set<string>()
  const counts = { rows: 0, documents: 0, truncated: false }
  const left = new Ahead(flatten(rows))
  // the database sorts first: a point in time of the index should not wait for it
  await left.step()
  const right = new Ahead(
    ascending(documents(), key => {
      counts.documents++
      keys.add(key)
    }),
  )
  try {
    await right.step()
    while (left.value !== undefined || right.value !== undefined) {
      if (keys.size >= MAX_SUSPECTS) {
        counts.truncated = true
        break
      }
      const { value: row } = left
      const { value: document } = right
      const order =
        row === undefined ? 1 : document === undefined ? -1 : Buffer.compare(row.bytes, document.bytes)
      const expected = order <= 0 ? row?.item : undefined
      const hit = order >= 0 ? document?.item : undefined
      if (judge(expected, hit).kind !== 'equal') keys.add(expected?.key ?? hit?.key ?? '')
      if (expected !== undefined) {
        counts.rows++
        await left.step()
      }
      if (hit !== undefined) {
        counts.documents++
        await right.step()
      }
      progress(Math.max(counts.rows, counts.documents))
    }
  } finally {
    await left.close()
    await right.close()
  }
  return { keys, ...counts }
}

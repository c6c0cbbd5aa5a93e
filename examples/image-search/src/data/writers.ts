import type { OpenDatabase, Random } from '@headrace/testkit'
import { type Ids, randomChange } from './random-change.ts'

export interface WriterOptions {
  readonly database: Pick<OpenDatabase, 'pool'>
  readonly random: Random
  /** Statements of all writers together. */
  readonly changes: number
  readonly writers: number
  /** Rows that were there before: ids from 1. */
  readonly images: number
  readonly annotations: number
  /** Ids of new rows begin above this; give another one to each call on one database. */
  readonly firstNewId: number
  /** Stops early. */
  readonly signal?: AbortSignal
}

export interface Written {
  readonly statements: number
  readonly commits: number
  readonly rollbacks: number
}

const IDS_PER_WRITER = 1_000_000

/** Transactions of one statement mostly, sometimes up to six, some rolled back; deadlocks are taken as rollbacks. */
const writeOne = async (
  options: WriterOptions,
  writer: number,
  budget: { left: number },
): Promise<Written> => {
  const random = options.random.fork(`writer ${writer}`)
  let newId = options.firstNewId + writer * IDS_PER_WRITER
  const ids: Ids = { images: options.images, annotations: options.annotations, next: () => newId++ }
  const client = await options.database.pool.connect()
  let [statements, commits, rollbacks] = [0, 0, 0]
  try {
    while (budget.left > 0 && options.signal?.aborted !== true) {
      const size = Math.min(budget.left, random.chance(0.8) ? 1 : random.int(2, 6))
      budget.left -= size
      try {
        await client.query('begin')
        for (let at = 0; at < size; at++) {
          const { sql, params } = randomChange(random, ids)
          await client.query(sql, [...params])
        }
        const keep = random.chance(0.95)
        await client.query(keep ? 'commit' : 'rollback')
        if (keep) commits++
        else rollbacks++
        statements += size
      } catch (error) {
        await client.query('rollback')
        if (!(error instanceof Error && 'code' in error && error.code === '40P01')) throw error
        rollbacks++
      }
    }
  } finally {
    client.release()
  }
  return { statements, commits, rollbacks }
}

/** Several writers at full speed until all changes are made. The same seed makes the same statements per writer. */
export const writeRandomChanges = async (options: WriterOptions): Promise<Written> => {
  const budget = { left: options.changes }
  const all = await Promise.all(
    Array.from({ length: options.writers }, (_, writer) => writeOne(options, writer, budget)),
  )
  return all.reduce((sum, one) => ({
    statements: sum.statements + one.statements,
    commits: sum.commits + one.commits,
    rollbacks: sum.rollbacks + one.rollbacks,
  }))
}

import type { OpenDatabase, Random } from '@headrace/testkit'
import type { PoolClient } from 'pg'
import { SLICES } from './dataset-rows.ts'
import { randomChange } from './random-change.ts'
import type { Ids } from './statement.ts'

export interface WriterOptions {
  readonly database: Pick<OpenDatabase, 'pool'>
  readonly random: Random
  /** Changes of all writers together. */
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
  /** On purpose, and because another writer was in the way. */
  readonly rollbacks: number
}

const IDS_PER_WRITER = 1_000_000

/** Deadlock, lock timeout, and a key that another writer took at the same time: an application begins again. */
const CONFLICTS = new Set(['40P01', '55P03', '23505'])

const isConflict = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && CONFLICTS.has(String(error.code))

/** Most transactions are one change, some a few, some dozens, which are open while others commit. */
const sizeOf = (random: Random): number => {
  if (random.chance(0.8)) return 1
  return random.chance(0.9) ? random.int(2, 6) : random.int(20, 60)
}

/** Within a longer transaction, some stretches are taken back by a savepoint. */
const writeTransaction = async (
  client: PoolClient,
  random: Random,
  ids: Ids,
  size: number,
): Promise<{ readonly statements: number; readonly kept: boolean }> => {
  // nobody waits for a transaction of dozens of changes as long as Postgres does before it looks for deadlocks
  await client.query('begin; set local lock_timeout = 200')
  let [statements, savepoint] = [0, false]
  for (let at = 0; at < size; at++) {
    if (savepoint && random.chance(0.3)) {
      await client.query(random.chance() ? 'rollback to savepoint here' : 'release savepoint here')
      savepoint = false
    } else if (!savepoint && size > 1 && random.chance(0.1)) {
      await client.query('savepoint here')
      savepoint = true
    }
    for (const { sql, params } of randomChange(random, ids)) {
      await client.query(sql, [...params])
      statements++
    }
  }
  const kept = random.chance(0.95)
  await client.query(kept ? 'commit' : 'rollback')
  return { statements, kept }
}

const writeOne = async (
  options: WriterOptions,
  writer: number,
  budget: { left: number },
): Promise<Written> => {
  const random = options.random.fork(`writer ${writer}`)
  let newId = options.firstNewId + writer * IDS_PER_WRITER
  const { images, annotations } = options
  const ids: Ids = { images, annotations, slices: SLICES, next: () => newId++ }
  const client = await options.database.pool.connect()
  let [statements, commits, rollbacks] = [0, 0, 0]
  try {
    while (budget.left > 0 && options.signal?.aborted !== true) {
      const size = Math.min(budget.left, sizeOf(random))
      budget.left -= size
      try {
        const written = await writeTransaction(client, random, ids, size)
        if (written.kept) commits++
        else rollbacks++
        statements += written.statements
      } catch (error) {
        await client.query('rollback')
        if (!isConflict(error)) throw error
        rollbacks++
        budget.left += size
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

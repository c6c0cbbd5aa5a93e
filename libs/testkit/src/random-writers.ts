import type { PoolClient } from 'pg'
import type { OpenDatabase } from './database.ts'
import type { Random } from './random.ts'

export interface Statement {
  readonly sql: string
  readonly params: readonly (string | number | null)[]
}

/** Statements that belong into one transaction. */
export interface Change {
  /** What it is, for the count. */
  readonly kind: string
  readonly statements: readonly Statement[]
}

export interface RandomWritersOptions {
  readonly database: Pick<OpenDatabase, 'pool'>
  readonly random: Random
  /** Of all writers together. */
  readonly changes: number
  readonly writers: number
  /** The next change of a writer; the writers are numbered from 0. */
  readonly change: (random: Random, writer: number) => Change
  /** Stops early. */
  readonly signal?: AbortSignal | undefined
}

export interface Written {
  /** Statements of changes that were committed. */
  readonly statements: number
  readonly commits: number
  /** On purpose, and because another writer was in the way. */
  readonly rollbacks: number
  /** Changes that were committed, by kind. */
  readonly kinds: Readonly<Record<string, number>>
}

/** Deadlock, lock timeout, a key that is taken, a row that is gone or still referred to: an application begins again. */
const CONFLICTS = new Set(['40P01', '55P03', '23505', '23503', '23502'])

const isConflict = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && CONFLICTS.has(String(error.code))

/** Most transactions are one change, some a few, some dozens, which are open while others commit. */
const sizeOf = (random: Random): number => {
  if (random.chance(0.8)) return 1
  return random.chance(0.9) ? random.int(2, 6) : random.int(20, 60)
}

const run = async (client: PoolClient, { statements }: Change): Promise<void> => {
  for (const { sql, params } of statements) await client.query(sql, [...params])
}

/** A change of a longer transaction: taken back alone when another writer is in the way, and now and then without a reason. */
const runWithSavepoint = async (client: PoolClient, change: Change, keep: boolean): Promise<boolean> => {
  await client.query('savepoint here')
  try {
    await run(client, change)
    await client.query(keep ? 'release savepoint here' : 'rollback to savepoint here')
    return keep
  } catch (error) {
    if (!isConflict(error)) throw error
    await client.query('rollback to savepoint here')
    return false
  }
}

/** Gives the changes that were committed. */
const writeTransaction = async (
  client: PoolClient,
  random: Random,
  changes: readonly Change[],
): Promise<readonly Change[]> => {
  const kept: Change[] = []
  try {
    // nobody waits for a transaction of dozens of changes as long as Postgres does before it looks for deadlocks
    await client.query('begin; set local lock_timeout = 200')
    for (const change of changes) {
      if (changes.length === 1) await run(client, change)
      else if (!(await runWithSavepoint(client, change, random.chance(0.95)))) continue
      kept.push(change)
    }
    if (random.chance(0.95)) {
      await client.query('commit')
      return kept
    }
  } catch (error) {
    if (!isConflict(error)) {
      await client.query('rollback').catch(() => undefined)
      throw new Error(`a random change failed: ${changes.map(({ kind }) => kind).join(', ')}`, {
        cause: error,
      })
    }
  }
  await client.query('rollback')
  return []
}

/**
 * Several writers at full speed until so many changes are committed: some transactions are long and interleave, some are rolled
 * back. The same seed draws the same changes per writer.
 */
export const writeRandomly = async (options: RandomWritersOptions): Promise<Written> => {
  const { database, changes, writers, change, signal } = options
  let left = changes
  let [statements, commits, rollbacks] = [0, 0, 0]
  const kinds: Record<string, number> = {}
  const write = async (writer: number): Promise<void> => {
    const random = options.random.fork(`writer ${writer}`)
    const client = await database.pool.connect()
    try {
      while (left > 0 && signal?.aborted !== true) {
        const drawn = Array.from({ length: Math.min(left, sizeOf(random)) }, () => change(random, writer))
        left -= drawn.length
        const kept = await writeTransaction(client, random, drawn)
        left += drawn.length - kept.length
        if (kept.length > 0) commits++
        else rollbacks++
        for (const { kind, statements: run } of kept) {
          statements += run.length
          kinds[kind] = (kinds[kind] ?? 0) + 1
        }
      }
    } finally {
      client.release()
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
  return { statements, commits, rollbacks, kinds }
}

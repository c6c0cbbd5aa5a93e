import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from './database.ts'

const FOLDER = join(import.meta.dirname, 'migrations')

/** Any number, the same for everybody who migrates. */
const LOCK = 7_213_001

/** Brings the tables up to date; gives the names of the migrations that ran now. Safe to be called by several at once. */
export const migrate = (database: Database): Promise<readonly string[]> =>
  database.transaction(async ({ query }) => {
    await query('select pg_advisory_xact_lock($1)', [LOCK])
    await query(
      'create table if not exists migration (name text primary key, applied_at timestamptz not null default now())',
    )
    const applied = new Set(
      (await query<{ name: string }>('select name from migration')).map(({ name }) => name),
    )
    const names = readdirSync(FOLDER)
      .filter(name => name.endsWith('.sql') && !applied.has(name))
      .sort()
    for (const name of names) {
      await query(readFileSync(join(FOLDER, name), 'utf8'))
      await query('insert into migration (name) values ($1)', [name])
    }
    return names
  })

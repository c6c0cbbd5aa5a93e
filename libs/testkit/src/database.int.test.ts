import { afterEach, describe, expect, it } from '@jest/globals'
import { createDatabase, type TestDatabase } from './database.ts'

describe('createDatabase', () => {
  const made: TestDatabase[] = []
  const make = async (): Promise<TestDatabase> => {
    const database = await createDatabase('testkit')
    made.push(database)
    return database
  }
  afterEach(async () => {
    await Promise.all(made.splice(0).map(database => database.drop()))
  })

  it('gives each caller a database of its own', async () => {
    const [one, two] = await Promise.all([make(), make()])
    await one.query('create table t (id int primary key)')
    await one.query('insert into t values ($1)', [7])
    expect(await one.query('select * from t')).toEqual([{ id: 7 }])
    await expect(two.query('select * from t')).rejects.toThrow(/does not exist/)
  })

  it('gives timestamps as Postgres writes them', async () => {
    const database = await make()
    const [row] = await database.query<{ at: string }>(`select timestamp '2026-01-02 03:04:05.678901' as at`)
    expect(row?.at).toBe('2026-01-02 03:04:05.678901')
  })

  it('drops a database that has slots and open connections', async () => {
    const database = await createDatabase('testkit')
    const other = await make()
    await database.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [database.name])
    await database.pool.connect()
    await database.drop()
    expect(await other.query('select 1 from pg_database where datname = $1', [database.name])).toEqual([])
    expect(
      await other.query('select 1 from pg_replication_slots where slot_name = $1', [database.name]),
    ).toEqual([])
  })
})

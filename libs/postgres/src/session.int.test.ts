import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { PoolClient } from 'pg'
import { createDatabase, type TestDatabase, uniqueName, waitFor } from '@headrace/testkit'
import { connect, createSlot, openCopySession, type PostgresConnection, readSlot } from './index.ts'

describe('a session that a signal ends (02 §2.5)', () => {
  let database: TestDatabase
  let connection: PostgresConnection
  let stop: AbortController
  let changing: PoolClient
  beforeEach(async () => {
    database = await createDatabase('session')
    connection = { url: database.url, applicationName: uniqueName('ended') }
    stop = new AbortController()
    await database.query('create table t (id int primary key)')
    changing = await database.pool.connect()
  })
  afterEach(async () => {
    await changing.query('rollback')
    changing.release()
    await database.drop()
  })

  /** Sessions of ours at the server: those that wait for somebody, or all. */
  const ours = async (which: 'waiting' | 'all'): Promise<number> => {
    const waits = which === 'waiting' ? `and wait_event_type = 'Lock'` : ''
    const found = await database.query(
      `select from pg_stat_activity where application_name = $1 and state <> 'idle' ${waits}`,
      [connection.applicationName],
    )
    return found.length
  }
  /** Ends `wait` while who is waited for goes on: here, and at the server. */
  const endsWith = async (wait: Promise<unknown>): Promise<void> => {
    const ended = wait.then(
      () => 'done',
      () => 'ended',
    )
    await waitFor(async () => (await ours('waiting')) === 1, { what: 'the wait' })
    stop.abort()
    expect(await ended).toBe('ended')
    await waitFor(async () => (await ours('all')) === 0, { what: 'the end at the server' })
  }

  it('waits no longer for the hold of a table that somebody changes', async () => {
    const holder = await database.pool.connect()
    await holder.query('begin isolation level repeatable read')
    const { rows } = await holder.query<{ snapshot: string }>('select pg_export_snapshot() as snapshot')
    await changing.query('begin; alter table t add column note text')
    const tables = [{ schema: 'public', name: 't' }]
    const { snapshot } = rows[0]!
    await endsWith(openCopySession({ connection, snapshot, tables, wait: true, signal: stop.signal }))
    holder.release(true)
  })

  it('waits no longer for the transactions that a new slot waits for, and leaves no slot', async () => {
    await changing.query('begin; insert into t values (1)')
    const slot = uniqueName('session', '_')
    await endsWith(createSlot(connection, slot, stop.signal))
    const session = await connect(connection)
    await waitFor(async () => (await readSlot(session, slot)) === null, { what: 'no slot' })
    await session.stop()
  })

  it('runs no statement any longer, and no later one', async () => {
    await changing.query('begin; lock table t')
    const session = await connect(connection, stop.signal)
    await endsWith(session.query('select from public.t'))
    await expect(session.query('select 1')).rejects.toThrow()
    await session.stop()
  })

  it('waits no longer for a server that does not answer', async () => {
    let asked = false
    const silent = createServer(socket => {
      asked = true
      socket.resume()
    })
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : 0
    const url = `postgres://somebody@127.0.0.1:${port}/db`
    const connecting = connect({ url, connectTimeoutMs: 3_600_000 }, stop.signal)
    connecting.catch(() => undefined)
    await waitFor(() => asked, { what: 'the connection' })
    stop.abort()
    await expect(connecting).rejects.toMatchObject({ code: 'postgres.unreachable' })
    await new Promise(resolve => silent.close(resolve))
  })
})

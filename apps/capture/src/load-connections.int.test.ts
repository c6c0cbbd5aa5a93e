import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { waitFor } from '@headrace/testkit'
import { applied, tableRows } from './testing/checks.ts'
import { createHarness, type Harness, type RunningCapture, startCapture } from './testing/harness.ts'

const TABLES = ['first', 'second']
const ROWS = `select i, repeat('x', 100) from generate_series(1, 1000) i`

describe('the connections of a first load', () => {
  let harness: Harness
  let capture: RunningCapture | undefined
  let proxy: Server | undefined

  afterEach(async () => {
    await capture?.stop().catch(() => undefined)
    proxy?.close()
    await harness.stop()
  })

  /** Stands before the server; `refuses` is asked about each connection. Gives the address. */
  const startProxy = async (refuses: () => boolean): Promise<string> => {
    const url = new URL(harness.database.url)
    const { hostname, port } = url
    proxy = createServer(client => {
      if (refuses()) return void client.destroy()
      const server = connect(Number(port), hostname)
      client.on('error', () => server.destroy())
      server.on('error', () => client.destroy())
      client.pipe(server).pipe(client)
    })
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    url.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
    return url.href
  }

  it('C12 are fewer when one is lost while it is opened: the others go on', async () => {
    harness = await createHarness(
      TABLES.map(name => ({ name, key: ['id'] })),
      TABLES.map(
        name => `create table ${name} (id int primary key, name text); insert into ${name} ${ROWS}`,
      ).join(';'),
    )
    let isHeld = false
    let refused = 0
    // the next one that comes is the second of the load
    const url = await startProxy(() => isHeld && refused++ === 0)
    const lines: string[] = []
    const held = async (): Promise<void> => void (isHeld = true)
    capture = startCapture(harness, url, { held, log: line => lines.push(line) })
    const said = (words: string): number => lines.filter(line => line.includes(words)).length
    await waitFor(() => said('"streaming"') > 0, { what: 'the stream' })
    expect(refused).toBeGreaterThan(0)
    expect({ loads: said('loading all tables'), sourceLost: said('the source is away') }).toEqual({
      loads: 1,
      sourceLost: 0,
    })
    for (const table of TABLES)
      expect([...applied(await harness.changes(table)).keys()].sort()).toEqual(
        [...(await tableRows(harness, table)).keys()].sort(),
      )
  })
})

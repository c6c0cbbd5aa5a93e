import { createServer } from 'node:http'
import { HeadraceError } from '@headrace/errors'
import { afterEach, describe, expect, it } from '@jest/globals'
import { Health } from '@headrace/runtime'
import { createLogger, Metrics } from '@headrace/telemetry'
import { httpServer, type HttpServerOptions } from './server.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

const start = async (options: Partial<HttpServerOptions> = {}): Promise<{ url: string; health: Health }> => {
  const health = new Health()
  const log = createLogger({ service: 'test', destination: { write: () => undefined } })
  const { value, stop } = await httpServer({
    port: 0,
    host: '127.0.0.1',
    health,
    metrics: new Metrics('test'),
    log,
    ...options,
  }).start()
  stops.push(stop)
  return { url: `http://127.0.0.1:${value.port}`, health }
}

describe('httpServer', () => {
  it('answers the probes and the metrics', async () => {
    const { url, health } = await start()
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    health.ready()
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    expect((await fetch(`${url}/metrics`)).headers.get('content-type')).toContain('text/plain; version=0.0.4')
  })

  it('maps errors to codes and never shows an internal one', async () => {
    const { url } = await start({
      routes: server => {
        server.get('/bad', () =>
          Promise.reject(new HeadraceError('usage.invalid', 'no such view', { hint: 'GET /v1/views' })),
        )
        server.get('/bug', () => Promise.reject(new TypeError('secret detail')))
      },
    })
    const bad = await fetch(`${url}/bad`)
    expect([bad.status, await bad.json()]).toEqual([
      400,
      { error: { code: 'usage.invalid', message: 'no such view', hint: 'GET /v1/views' } },
    ])
    const bug = await fetch(`${url}/bug`)
    expect([bug.status, JSON.stringify(await bug.json())]).toEqual([
      500,
      expect.not.stringContaining('secret detail'),
    ])
    expect((await fetch(`${url}/nowhere`)).status).toBe(404)
  })

  it('says which port is taken and what to do', async () => {
    const other = createServer()
    const port = await new Promise<number>(resolve =>
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)),
    )
    stops.push(async () => void (await new Promise(resolve => other.close(resolve))))
    await expect(start({ port })).rejects.toMatchObject({ code: 'http.port_taken' })
  })
})
